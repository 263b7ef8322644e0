import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import type { VerificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import { verifyBundle } from '@countersign/platform/opa/bundle/verify.ts';
import { createPdp } from '@countersign/platform/opa/pdp.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { policyQuestion } from '../testing/policy-question.ts';

interface Key { kid: string; purpose: string; algorithm: string; state: string; public_jwk: Record<string, string>; retires_at: string | null; retired_at: string | null }

const TTL_S = 8;
let plane: ControlPlaneUnderTest;
let scope: string;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_TTL_SECONDS: String(TTL_S), COUNTERSIGN_POLICY_RENEWAL_SECONDS: '2' });
  scope = bundleScope(plane.tenant.environmentId);
});
afterAll(() => plane.stop());

const rotate = (json: unknown = { purpose: 'policy_bundle', reason: 'Every quarter' }): Promise<ApiReply> => plane.api('POST', '/api/v1/keys/rotations', { json });
const bundleKeys = async (): Promise<Key[]> => ((await plane.api('GET', '/api/v1/keys')).body['keys'] as Key[]).filter(({ purpose }) => purpose === 'policy_bundle');
/** As workers read them. */
const trusted = async (): Promise<VerificationKeys> => verificationKeys((await bundleKeys()).filter(({ retired_at }) => retired_at === null));
const bundle = (query = ''): Promise<ApiReply> => plane.api('GET', `/api/v1/policy-bundles/${scope}${query}`);
const verified = async (bytes: Uint8Array, at = new Date()): Promise<string> => verifyBundle(bytes, { keys: await trusted(), tenant: plane.tenant.tenantId, scope, now: at, highestSeq: 0 }).kid;

test('only what makes sense is asked for', async () => {
  expect((await rotate({ purpose: 'policy_bundle', reason: '  ' })).body['code']).toBe('request_invalid');
  expect((await rotate({ purpose: 'other', reason: 'x' })).body['errors']).toEqual([expect.objectContaining({ field: '/purpose', code: 'not_allowed' })]);
  expect((await rotate({ purpose: 'policy_bundle', reason: 'x', overlap_s: 5 })).body['errors']).toEqual([expect.objectContaining({ field: '/overlap_s' })]);
});

test('a new key signs at once, the old one verifies until nothing needs it and is refused then; nothing is denied on the way', async () => {
  const [before] = await bundleKeys();
  const old = await bundle();
  const pdp = decisionPoint();
  await pdp.start();
  const [rules, failClosed] = [new Set<string>(), new Set<string>()];
  const ask = async (): Promise<void> => { for (const { rule, message } of (await pdp.decide(policyQuestion(plane.tenant, 'ticket.get'))).reasons) if (rule.startsWith('bundle_')) failClosed.add(message); else rules.add(rule); };
  await ask();

  const rotated = await rotate();
  expect([rotated.status, rotated.body['state'], rotated.body['kid'] === before?.kid]).toEqual([201, 'signing', false]);
  expect((await bundleKeys()).map(({ kid, state }) => [kid, state])).toEqual([[rotated.body['kid'], 'signing'], [before?.kid, 'verifying']]);
  expect(await verified((await bundle()).bytes)).toBe(rotated.body['kid']);
  expect(await verified(old.bytes)).toBe(before?.kid);

  const again = await rotate();
  expect([again.status, again.body['code']]).toEqual([409, 'key_rotation_under_way']);
  await expect.poll(async () => {
    await ask();
    return (await bundleKeys()).find(({ kid }) => kid === before?.kid)?.state;
  }, { timeout: 40_000, interval: 50 }).toBe('retired');
  expect([[...failClosed], rules.size > 0]).toEqual([[], true]);
  await pdp.stop();

  const stillInTime = new Date(Date.parse(String((await bundleKeys()).at(-1)?.retired_at)) - (TTL_S + 5) * 1_000);
  await expect(verified(old.bytes, stillInTime)).rejects.toMatchObject({ code: 'bundle_key_unknown' });
  expect((await rotate()).status).toBe(201);
  const events = (await plane.auditEvents()).filter(({ type }) => type.startsWith('key.'));
  expect(events.map(({ type }) => type)).toEqual(['key.rotated', 'key.retired', 'key.rotated']);
  expect(events[0]?.data).toMatchObject({ purpose: 'policy_bundle', generation: 2, replaces: before?.kid });
  expect(JSON.stringify(events)).not.toContain('Every quarter');
}, 90_000);

/** A decision point that looks as often as it can. */
function decisionPoint(): Pdp {
  const { tenantId } = plane.tenant;
  let highest = 0;
  return createPdp({
    tenant: tenantId, scope, clock: systemClock, refresh_ms: 100, ttl_ms: TTL_S * 1_000, deadline_ms: 5_000, keys: trusted,
    highestSeq: { get: async () => highest, put: async (seq) => { highest = Math.max(highest, seq); } },
    source: {
      async latest(known) {
        const reply = await plane.api('GET', `/api/v1/policy-bundles/${scope}`, { headers: { 'if-none-match': known ?? '' } });
        return reply.status === 304 ? 'not_modified' : { bytes: reply.bytes, etag: reply.headers.get('etag') ?? '' };
      },
    },
  });
}
