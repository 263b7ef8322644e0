import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileKeys } from './file-keys.ts';

let folder: string;
let keys: FileKeys;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'file-keys-'));
  keys = await FileKeys.open(path.join(folder, 'key'), { create: true });
});
afterAll(() => rm(folder, { recursive: true }));

test('every generation, tenant and purpose has a key of its own, and the same one after a restart', async () => {
  const kids = new Set<string>();
  for (const tenant of ['ten_a', 'ten_b']) {
    for (const purpose of ['policy_bundle', 'checkpoint', 'evidence'] as const) {
      for (const generation of [1, 2, 3, 10]) kids.add((await keys.signingKey(tenant, purpose, generation)).kid);
    }
  }
  expect(kids.size).toBe(24);
  const again = await FileKeys.open(path.join(folder, 'key'), { create: false });
  for (const generation of [1, 2]) {
    expect((await again.signingKey('ten_a', 'policy_bundle', generation)).kid).toBe((await keys.signingKey('ten_a', 'policy_bundle', generation)).kid);
  }
  expect((await again.signingKey('ten_a', 'policy_bundle')).kid).toBe((await again.signingKey('ten_a', 'policy_bundle', 1)).kid);
});

test('what one generation signs another does not verify', async () => {
  const [first, second] = [await keys.signingKey('ten_a', 'policy_bundle', 1), await keys.signingKey('ten_a', 'policy_bundle', 2)];
  const bytes = Buffer.from('a bundle');
  const signature = await first.sign(bytes);
  const verifies = (jwk: Readonly<Record<string, string>>): boolean => verify('sha256', bytes, { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, signature);
  expect([verifies(first.publicJwk), verifies(second.publicJwk)]).toEqual([true, false]);
});
