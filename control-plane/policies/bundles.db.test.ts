import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import type { VerificationJwk } from '@countersign/platform/opa/bundle/keys.ts';
import { verifyBundle } from '@countersign/platform/opa/bundle/verify.ts';
import type { VerifiedBundle } from '@countersign/platform/opa/bundle/verify.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';

interface Status { environment_id: string; environment: string; mode: string; release: object | null; layers: object; scope: string; seq: number; stale: boolean }

let plane: ControlPlaneUnderTest;
let auditor: TestPrincipal;
let scope: string;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_TTL_SECONDS: '60', COUNTERSIGN_POLICY_RENEWAL_SECONDS: '1' });
  auditor = await plane.principal(['auditor']);
  scope = bundleScope(plane.tenant.environmentId);
});
afterAll(() => plane.stop());

const bundle = (headers: Record<string, string> = {}, query = ''): Promise<ApiReply> => plane.api('GET', `/api/v1/policy-bundles/${scope}${query}`, { key: auditor.key, headers });
const statuses = async (of = plane, key?: string): Promise<Status[]> => (await of.api('GET', '/api/v1/policy', key === undefined ? {} : { key })).body['items'] as Status[];
const seqOf = async (): Promise<number> => (await statuses()).find((status) => status.scope === scope)?.seq ?? 0;

async function verified(bytes: Uint8Array, highestSeq = 0): Promise<VerifiedBundle> {
  const published = (await plane.api('GET', '/api/v1/keys')).body['keys'] as Array<VerificationJwk & { purpose: string }>;
  const keys = verificationKeys(published.filter((key) => key.purpose === 'policy_bundle'));
  return verifyBundle(bytes, { keys, tenant: plane.tenant.tenantId, scope, now: new Date(), highestSeq });
}

test('there is a bundle for every environment as soon as the control plane listens: what is shipped', async () => {
  const fresh = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  const layers = { packs: ['engineering', 'itsm'], tenant: null, workspace: null, environment: null };
  const expected = ['dev', 'staging', 'prod'].map((environment) => expect.objectContaining({ environment, mode: 'enforce', release: null, layers, seq: 1, stale: false }) as object);
  expect(await statuses(fresh)).toEqual(expected);
  await fresh.stop();
});

test('what is served is signed for this tenant and environment with the published key, and lives for its TTL', async () => {
  const reply = await bundle();
  expect(reply.headers.get('content-type')).toBe('application/gzip');
  const { claims, digest, manifest } = await verified(reply.bytes);
  expect(reply.headers.get('etag')).toBe(`"${digest}"`);
  expect(claims.exp - claims.iat).toBe(60);
  expect(manifest.revision).toMatch(/^base-itsm-[0-9a-f]{12}$/);
  await expect(verifyBundleOf('dev', reply.bytes)).rejects.toMatchObject({ code: 'bundle_wrong_scope' });
});

async function verifyBundleOf(environment: string, bytes: Uint8Array): Promise<VerifiedBundle> {
  const other = (await statuses()).find((status) => status.environment === environment)?.scope ?? '';
  const published = (await plane.api('GET', '/api/v1/keys')).body['keys'] as Array<VerificationJwk & { purpose: string }>;
  return verifyBundle(bytes, { keys: verificationKeys(published.filter((key) => key.purpose === 'policy_bundle')), tenant: plane.tenant.tenantId, scope: other, now: new Date(), highestSeq: 0 });
}

test('the key set has one key per purpose, and no private half', async () => {
  const { keys } = (await plane.api('GET', '/api/v1/keys')).body as { keys: Array<{ purpose: string; algorithm: string; state: string; public_jwk: object }> };
  expect(keys.map((key) => [key.purpose, key.algorithm, key.state])).toEqual([
    ['agent_release', 'EdDSA', 'signing'], ['checkpoint', 'EdDSA', 'signing'], ['evidence', 'EdDSA', 'signing'], ['policy_bundle', 'ES256', 'signing'], ['webhook', 'EdDSA', 'signing'], ['work_order', 'EdDSA', 'signing'],
  ]);
  expect(JSON.stringify(keys)).not.toContain('"d"');
});

test('who has the newest bundle is told so; any other ETag gets it', async () => {
  await expect.poll(async () => {
    const etag = (await bundle()).headers.get('etag') ?? '';
    const again = await bundle({ 'if-none-match': `"other", W/${etag}` });
    return [again.status, again.bytes.length];
  }, { timeout: 10_000 }).toEqual([304, 0]);
  expect((await bundle({ 'if-none-match': '"sha256:0"' })).status).toBe(200);
});

test('it is renewed with a higher sequence of its own scope, and a restart goes on from the highest', async () => {
  const first = await seqOf();
  await expect.poll(seqOf, { timeout: 15_000 }).toBeGreaterThan(first);
  const before = await seqOf();
  await plane.restart();
  await expect.poll(seqOf, { timeout: 15_000 }).toBeGreaterThan(before);
  expect((await verified((await bundle()).bytes, before)).claims.seq).toBeGreaterThan(before);
  const renewals = (await plane.auditEvents()).filter((event) => event.type === 'policy.bundle_signed' && event.data['scope'] === scope);
  expect(renewals.map((event) => event.data['seq'])).toEqual(renewals.map((_event, index) => index + 1));
  expect(renewals.map((event) => event.data['renewal'])).toEqual([false, ...renewals.slice(1).map(() => true)]);
});

test('every older bundle can still be had by its sequence; one that never was cannot', async () => {
  await expect.poll(seqOf, { timeout: 15_000 }).toBeGreaterThan(1);
  expect((await verified((await bundle({}, '?seq=1')).bytes)).claims.seq).toBe(1);
  const none = await bundle({}, '?seq=999999');
  expect([none.status, none.body['code'], none.body['detail']]).toEqual([404, 'not_found', 'This scope has no bundle with the sequence 999999.']);
  for (const query of ['?seq=0', '?seq=x', '?seq=1&seq=2']) expect((await bundle({}, query)).body['code']).toBe('request_invalid');
});

test('scopes that are none, and the one beside which nothing was released, say so', async () => {
  const code = async (one: string): Promise<unknown> => (await plane.api('GET', `/api/v1/policy-bundles/${one}`, { key: auditor.key })).body['code'];
  expect([await code('x'), await code(plane.tenant.tenantId), await code(`${scope}.other`), await code(`${scope}.shadow`)]).toEqual(['not_found', 'not_found', 'not_found', 'policy_bundle_missing']);
});

test('a new tenant gets bundles of its own; nobody gets another\'s', async () => {
  const other = await plane.principal(['auditor'], await plane.otherTenant());
  await expect.poll(async () => (await statuses(plane, other.key)).length, { timeout: 10_000 }).toBe(3);
  const theirs = await plane.api('GET', `/api/v1/policy-bundles/${bundleScope(other.environmentId)}`, { key: other.key });
  await expect(verified(theirs.bytes)).rejects.toMatchObject({ code: 'bundle_key_unknown' });
  expect((await plane.api('GET', `/api/v1/policy-bundles/${scope}`, { key: other.key })).status).toBe(404);
});
