import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { PolicyClient, denying } from '../testing/policy-client.ts';

const POLICIES = fileURLToPath(new URL('../../policies', import.meta.url));

/** Another product version: one comment more in the base, which changes nothing that is decided. */
async function renew(folder: string): Promise<void> {
  const base = path.join(folder, 'base', 'base.rego');
  const source = `${await readFile(base, 'utf8')}\n# Renewed.\n`;
  await writeFile(base, source);
  const partsFile = path.join(folder, 'generated', 'base-itsm', 'parts.json');
  const parts = JSON.parse(await readFile(partsFile, 'utf8')) as { sources: Record<string, string> };
  await writeFile(partsFile, JSON.stringify({ ...parts, sources: { ...parts.sources, 'base/base.rego': digestOfBytes(source) } }));
}

test('what is in force stays what was compiled when the product is renewed under it, until the same versions are released again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'policies-'));
  await cp(POLICIES, folder, { recursive: true });
  const plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICIES_DIR: folder, COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  const admin = new PolicyClient(plane);
  const { dev } = await admin.environments();
  const version = await admin.version('tenant', { 'tenant.rego': denying('tenant', 'one', 'ticket.one') });
  const release = { kind: 'release', layer: 'tenant', version };
  const first = await admin.release(dev, release);
  const flags = async (): Promise<unknown[]> => ((await admin.get('/policies'))['environments'] as Array<{ platform_changed: boolean }>).map(({ platform_changed }) => platform_changed);
  expect(await flags()).toEqual([false, false, false]);

  await renew(folder);
  await plane.restart();
  expect(await flags()).toEqual([true, false, false]);
  const again = await admin.release(dev, release);
  expect(again).toMatchObject({ status: 201, number: 2, diff: [{ path: 'base/base.rego', after: expect.stringContaining('# Renewed.') as string }] });
  expect(again['stack_digest']).not.toBe(first['stack_digest']);
  expect(await flags()).toEqual([false, false, false]);
  await plane.stop();
  await rm(folder, { recursive: true });
}, 60_000);
