import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { insertSession } from '../identity/queries.ts';
import { newSecret, sessionToken } from '../identity/tokens.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';

const TEN_MINUTES = { minStrength: 'link', maxAgeMs: 600_000 };

let plane: ControlPlaneUnderTest;
let approver: TestPrincipal;

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  approver = await plane.principal(['approver']);
});
afterAll(() => plane.stop());

/** The cookie of a session of `person` that began so long ago. */
async function session(person: TestPrincipal, ageMs: number, strength = 'link'): Promise<string> {
  const id = newId('session');
  const { secret, sha256 } = newSecret();
  const aged = { name: 'test.age_session', text: 'UPDATE control.sessions SET signed_in_at = clock_timestamp() - make_interval(secs => $3::float8 / 1000) WHERE tenant_id = $1 AND id = $2' };
  await plane.database.control.forTenant(person.tenantId, async (tx) => {
    await tx.change(insertSession, [person.tenantId, id, sha256, person.id, strength]);
    await tx.change(aged, [person.tenantId, id, ageMs]);
  });
  return sessionToken(person.tenantId, id, secret);
}

async function vote(approval: SeededApproval, who: { readonly key: string } | { readonly cookie: string }): Promise<ApiReply> {
  const as = 'key' in who ? { key: who.key } : { key: null, headers: { cookie: `countersign_session=${who.cookie}`, 'x-countersign-csrf': '1', 'sec-fetch-site': 'same-origin' } };
  return plane.api('POST', `/api/v1/approvals/${approval.id}/votes`, { json: { decision: 'approve', action_digest: approval.digest }, ...as });
}

const codeOf = ({ status, body }: ApiReply): unknown => [status, body['code']];

describe('where policy asks for a step up', () => {
  test('a fresh sign-in decides, and its age stands in the vote and in the audit', async () => {
    const approval = await seedApproval(plane, { signIn: TEN_MINUTES });
    const reply = await vote(approval, { cookie: await session(approver, 120_000) });
    expect(reply.body['approval']).toMatchObject({ state: 'approved', min_strength: 'link', max_sign_in_age_ms: 600_000, votes: [{ auth_strength: 'link', channel: 'console' }] });
    const age = (reply.body['approval'] as { votes: Array<{ sign_in_age_ms: number }> }).votes[0]?.sign_in_age_ms ?? 0;
    expect(age).toBeGreaterThanOrEqual(120_000);
    expect(age).toBeLessThan(600_000);
    const cast = (await plane.auditEvents()).find((event) => event.subject.id === approval.id && event.type === 'approval.vote_cast');
    expect(Number(cast?.data['sign_in_age_ms'])).toBeGreaterThanOrEqual(120_000);
  });

  test('a sign-in that is too old does not; the answer says how to mend that, and a new one then counts', async () => {
    const approval = await seedApproval(plane, { signIn: TEN_MINUTES });
    const old = { cookie: await session(approver, 3 * 3_600_000) };
    const reply = await vote(approval, old);
    expect(codeOf(reply)).toEqual([403, 'approval_fresh_sign_in_required']);
    expect(reply.body['detail']).toMatch(/at most 10 min old.*yours is 4 h old.*Sign in to the console again/);
    expect((await plane.auditEvents()).filter((event) => event.subject.id === approval.id).map(({ type, data }) => [type, data['code']])).toEqual([['approval.vote_refused', 'approval_fresh_sign_in_required']]);
    const seen = await plane.api('GET', `/api/v1/approvals/${approval.id}`, { key: null, headers: { cookie: `countersign_session=${old.cookie}` } });
    expect(seen.body).toMatchObject({ state: 'pending', may_vote: false, may_not_vote_because: reply.body['detail'] });
    expect((await vote(approval, { cookie: await session(approver, 1_000) })).status).toBe(201);
  });

  test('an API key does not: it is weaker, and nobody signed in just then', async () => {
    const approval = await seedApproval(plane, { signIn: TEN_MINUTES });
    expect(codeOf(await vote(approval, approver))).toEqual([403, 'approval_stronger_sign_in_required']);
    const anyStrength = await seedApproval(plane, { signIn: { minStrength: 'api_key', maxAgeMs: 600_000 } });
    expect(codeOf(await vote(anyStrength, approver))).toEqual([403, 'approval_fresh_sign_in_required']);
  });

  test.each([['oidc', 'by your identity provider, or by a passkey'], ['mfa', 'with a second factor, or by a passkey'], ['passkey', 'by a passkey'], ['nothing-we-know', 'No sign-in of this version is that strong']])('a sign-in that is too weak for %s is told how to get a stronger one, where there is one', async (minStrength, way) => {
    const approval = await seedApproval(plane, { signIn: { minStrength, maxAgeMs: 600_000 } });
    const reply = await vote(approval, { cookie: await session(approver, 1_000) });
    expect(codeOf(reply)).toEqual([403, 'approval_stronger_sign_in_required']);
    expect(reply.body['detail']).toContain(way);
  });

  test('a stronger sign-in than asked for decides', async () => {
    const approval = await seedApproval(plane, { signIn: { minStrength: 'mfa', maxAgeMs: 600_000 } });
    expect((await vote(approval, { cookie: await session(approver, 1_000, 'passkey') })).status).toBe(201);
  });
});

test('where policy asks for none, an old sign-in and a key decide as before, and the vote says what is known of it', async () => {
  const approval = await seedApproval(plane, { votes: 2 });
  const other = await plane.principal(['approver']);
  expect((await vote(approval, { cookie: await session(approver, 5 * 3_600_000) })).status).toBe(201);
  const reply = await vote(approval, other);
  const { votes, ...seen } = reply.body['approval'] as { votes: Array<{ sign_in_age_ms: number | null }>; min_strength: unknown };
  expect([votes[0]?.sign_in_age_ms, votes[1]?.sign_in_age_ms]).toEqual([expect.any(Number), null]);
  expect(seen).toMatchObject({ state: 'approved', min_strength: null, max_sign_in_age_ms: null });
});
