import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import type { VerificationJwk } from '@countersign/platform/opa/bundle/keys.ts';
import { verifyBundle } from '@countersign/platform/opa/bundle/verify.ts';
import type { VerifiedBundle } from '@countersign/platform/opa/bundle/verify.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let auditor: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_TTL_SECONDS: '60', COUNTERSIGN_POLICY_RENEWAL_SECONDS: '1' });
  auditor = await plane.principal(['auditor']);
});
afterAll(() => plane.stop());

const bundle = (headers: Record<string, string> = {}): Promise<ApiReply> => plane.api('GET', `/api/v1/policy-bundles/${bundleScope(plane.tenant.tenantId)}`, { key: auditor.key, headers });
const policy = async (): Promise<Record<string, unknown>> => (await plane.api('GET', '/api/v1/policy')).body;

async function verified(bytes: Uint8Array, highestSeq = 0): Promise<VerifiedBundle> {
  const published = (await plane.api('GET', '/api/v1/keys')).body['keys'] as Array<VerificationJwk & { purpose: string }>;
  const keys = verificationKeys(published.filter((key) => key.purpose === 'policy_bundle'));
  return verifyBundle(bytes, { keys, tenant: plane.tenant.tenantId, scope: bundleScope(plane.tenant.tenantId), now: new Date(), highestSeq });
}

test('there is a bundle as soon as the control plane listens', async () => {
  const fresh = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  expect((await fresh.api('GET', '/api/v1/policy')).body).toMatchObject({ seq: 1, stale: false });
  await fresh.stop();
});

test('what is served is signed for this tenant with the published key, and lives for its TTL', async () => {
  const reply = await bundle();
  expect(reply.headers.get('content-type')).toBe('application/gzip');
  const { claims, digest, manifest } = await verified(reply.bytes);
  expect(reply.headers.get('etag')).toBe(`"${digest}"`);
  expect(claims.exp - claims.iat).toBe(60);
  expect(manifest.revision).toMatch(/^base-itsm-[0-9a-f]{12}$/);
});

test('the key set has one key per purpose, and no private half', async () => {
  const { keys } = (await plane.api('GET', '/api/v1/keys')).body as { keys: Array<{ purpose: string; algorithm: string; public_jwk: object }> };
  expect(keys.map((key) => [key.purpose, key.algorithm])).toEqual([['checkpoint', 'EdDSA'], ['evidence', 'EdDSA'], ['policy_bundle', 'ES256']]);
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

test('it is renewed with a higher sequence, and a restart goes on from the highest', async () => {
  const first = Number((await policy())['seq']);
  await expect.poll(async () => Number((await policy())['seq']), { timeout: 15_000 }).toBeGreaterThan(first);
  const before = Number((await policy())['seq']);
  await plane.restart();
  await expect.poll(async () => Number((await policy())['seq']), { timeout: 15_000 }).toBeGreaterThan(before);
  expect((await verified((await bundle()).bytes, before)).claims.seq).toBeGreaterThan(before);
  const renewals = (await plane.auditEvents()).filter((event) => event.type === 'policy.bundle_signed');
  expect(renewals.map((event) => event.data['seq'])).toEqual(renewals.map((_event, index) => index + 1));
  expect(renewals.map((event) => event.data['renewal'])).toEqual([false, ...renewals.slice(1).map(() => true)]);
});

test('a new tenant gets a bundle of its own; nobody gets another\'s', async () => {
  const other = await plane.principal(['auditor'], await plane.otherTenant());
  await expect.poll(async () => (await plane.api('GET', '/api/v1/policy', { key: other.key })).status, { timeout: 10_000 }).toBe(200);
  const theirs = await plane.api('GET', `/api/v1/policy-bundles/${bundleScope(other.tenantId)}`, { key: other.key });
  await expect(verified(theirs.bytes)).rejects.toMatchObject({ code: 'bundle_key_unknown' });
  expect((await plane.api('GET', `/api/v1/policy-bundles/${bundleScope(plane.tenant.tenantId)}`, { key: other.key })).status).toBe(404);
});
