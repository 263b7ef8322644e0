import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKmsKey } from '@countersign/platform/keys/create-kms-key.ts';
import { kekConformance } from '@countersign/platform/keys/kek-conformance.ts';
import { openKmsKek } from '@countersign/platform/keys/kms-kek.ts';
import type { KmsKek } from '@countersign/platform/keys/kms-kek.ts';
import { ROOT } from '../config.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import type { Fault } from './faulty-proxy.ts';
import { startMoto } from './moto.ts';

const CACHE = path.join(ROOT, '.cache');
const context = { tenant_id: 'ten_a', purpose: 'seal/content', generation: '1' };

kekConformance('KMS as moto has it', async () => {
  const server = await startMoto(CACHE);
  const [one, other] = [await createKmsKey(server.endpoint), await createKmsKey(server.endpoint)];
  return {
    kek: openKmsKek({ keyId: one, endpoint: server.endpoint, region: null }), other: openKmsKek({ keyId: other, endpoint: server.endpoint, region: null }),
    stop: () => server.stop(),
  };
});

describe('a KMS that does not do what it is asked', () => {
  let server: Awaited<ReturnType<typeof startMoto>>;
  let proxy: FaultyProxy;
  let kek: KmsKek;
  beforeAll(async () => {
    server = await startMoto(CACHE);
    proxy = await FaultyProxy.start(server.endpoint);
    kek = openKmsKek({ keyId: await createKmsKey(server.endpoint), endpoint: proxy.endpoint, region: null });
  }, 300_000);
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  test.each<[string, Fault, string]>([
    ['throttles', { status: 400, code: 'ThrottlingException' }, 'kek_unreachable'],
    ['breaks', { status: 500, code: 'KMSInternalException' }, 'kek_unreachable'],
    ['gives us no right', { status: 400, code: 'AccessDeniedException' }, 'kek_refused'],
    ['has the key disabled', { status: 400, code: 'DisabledException' }, 'kek_refused'],
    ['has the key on its way out', { status: 400, code: 'KMSInvalidStateException' }, 'kek_refused'],
    ['does not know the key', { status: 400, code: 'NotFoundException' }, 'kek_refused'],
  ])('one that %s', async (_name, fault, code) => {
    const wrapped = await kek.wrap(context, Buffer.alloc(32, 7));
    proxy.fault = fault;
    await expect(kek.unwrap(context, wrapped)).rejects.toMatchObject({ code });
    await expect(kek.wrap(context, Buffer.alloc(32, 7))).rejects.toMatchObject({ code });
    proxy.fault = null;
    expect(Buffer.from(await kek.unwrap(context, wrapped))).toEqual(Buffer.alloc(32, 7));
  });

  test('one that says nothing is given up after seconds, and one that is not there at once', async () => {
    proxy.fault = 'silence';
    await expect(kek.wrap(context, Buffer.alloc(32))).rejects.toMatchObject({ code: 'kek_unreachable' });
    proxy.fault = null;
    const away = openKmsKek({ keyId: 'k', endpoint: 'http://127.0.0.1:1', region: null });
    await expect(away.wrap(context, Buffer.alloc(32))).rejects.toMatchObject({ code: 'kek_unreachable' });
  }, 60_000);
});
