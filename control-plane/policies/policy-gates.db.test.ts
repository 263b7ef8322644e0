/** A gate keeps a release back by the figures of a replay; another person lets it through, with a reason. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { TestPrincipal } from '../testing/control-plane-under-test.ts';
import { PolicyClient, denying } from '../testing/policy-client.ts';
import type { Environments } from '../testing/policy-client.ts';

let plane: ControlPlaneUnderTest;
let env: Environments;
let admin: PolicyClient;
let policyAdmin: TestPrincipal;
let asking: PolicyClient;
const limits = { enabled: true, max_replay_age_s: 3_600, min_decisions: 1, max_changed_share: 0.1, max_newly_denied_runs: 0, max_extra_approval_minutes: null };

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  admin = new PolicyClient(plane);
  env = await admin.environments();
  policyAdmin = await plane.principal(['policy-admin', 'approver', 'admin']);
  asking = new PolicyClient(plane, policyAdmin);
});
afterAll(() => plane.stop());

/** What `countersign policy replay` leaves behind, with the figures that a test is about. */
async function finishedReplay(stackDigest: string, figures: { replayed: number; changed: number; newly_denied_runs: number }): Promise<string> {
  const { tenantId, workspaceId } = plane.tenant;
  const id = newId('policy_replay');
  const report = { figures: { ...figures, changed_obligations: 0, extra_approvals: 0, extra_person_minutes: 0 }, not_replayed: { failed: 0 } };
  await plane.database.control.forTenant(tenantId, (tx) => tx.change({
    name: 'test.replay',
    text: `INSERT INTO control.policy_replays (tenant_id, id, workspace_id, environment_id, against, stack_digest, revision, bundle_key, decided_from, decided_to, state, report, requested_by, finished_at)
           VALUES ($1, $2, $3, $4, '{}', $5, 'r', 'k', clock_timestamp() - interval '1 day', clock_timestamp(), 'succeeded', $6, $7, clock_timestamp())`,
  }, [tenantId, id, workspaceId, env.dev, stackDigest, JSON.stringify(report), policyAdmin.id]));
  return id;
}

async function candidate(rule: string): Promise<{ version: number; stackDigest: string }> {
  const draft = await admin.call('POST', '/policies/tenant/drafts', { files: { 'tenant.rego': denying('tenant', rule, rule) } });
  const { version } = await admin.call('POST', '/policies/tenant/versions', { draft_id: draft['id'], message: 'For a test' });
  return { version: version as number, stackDigest: draft['stack_digest'] as string };
}

const ask = (version: number, more: object = {}): ReturnType<PolicyClient['release']> => asking.release(env.dev, { kind: 'release', layer: 'tenant', version, ...more });

test('is set by an admin, on top of what they read, and audited', async () => {
  const open = await plane.api('GET', `/api/v1/policy-gates/${env.dev}`);
  expect([open.body['enabled'], open.body['set_by'], open.headers.get('etag')]).toEqual([false, null, '"0"']);
  const put = (etag: string, json: object): ReturnType<typeof plane.api> => plane.api('PUT', `/api/v1/policy-gates/${env.dev}`, { json, headers: { 'if-match': etag } });
  expect((await put('"1"', limits)).body['code']).toBe('precondition_failed');
  const set = await put('"0"', limits);
  expect([set.status, set.headers.get('etag')]).toEqual([200, '"1"']);
  expect(set.body).toMatchObject({ ...limits, environment: 'dev' });
  expect((await put('"0"', limits)).body['code']).toBe('precondition_failed');
  expect((await put('*', { ...limits, max_changed_share: 1.1 })).body['errors']).toEqual([expect.objectContaining({ field: '/max_changed_share' })]);
  expect((await put('*', { ...limits, max_changed: 1 })).body['errors']).toEqual([expect.objectContaining({ field: '/max_changed', code: 'unknown_field' })]);
  expect(await plane.auditTypes(env.dev)).toEqual(['policy.gate_changed']);
});

test('asks for a replay of exactly what is released; shadows and the way back ask for none', async () => {
  const { version, stackDigest } = await candidate('one');
  expect(await ask(version)).toMatchObject({ status: 409, code: 'policy_replay_required', detail: expect.stringContaining(stackDigest) as string });
  const other = await finishedReplay(`sha256:${'0'.repeat(64)}`, { replayed: 10, changed: 0, newly_denied_runs: 0 });
  expect(await ask(version, { replay_id: other })).toMatchObject({ status: 409, code: 'policy_replay_required', detail: expect.stringContaining('something has changed since') as string });
  expect((await asking.get('/policy-releases'))['items']).toEqual([]);
  const fine = await finishedReplay(stackDigest, { replayed: 10, changed: 1, newly_denied_runs: 0 });
  expect(await ask(version, { replay_id: fine })).toMatchObject({ status: 201, state: 'released', replay_id: fine, gate: { passed: true, exceeded: [], figures: { decisions: 10, changed: 1 } } });
  const next = await candidate('two');
  expect(await ask(next.version, { mode: 'shadow' })).toMatchObject({ status: 201, gate: null });
  expect(await asking.release(env.dev, { kind: 'rollback', to_release_id: null })).toMatchObject({ status: 201, gate: null });
}, 90_000);

test('keeps back what exceeds it, until another person overrides it with a reason', async () => {
  const { version, stackDigest } = await candidate('three');
  const replay = await finishedReplay(stackDigest, { replayed: 10, changed: 2, newly_denied_runs: 3 });
  const key = { 'idempotency-key': 'blocked-1' };
  const body = { environment_id: env.dev, reason: 'It is urgent', kind: 'release', layer: 'tenant', version, replay_id: replay };
  const blocked = await asking.call('POST', '/policy-releases', body, key);
  expect(blocked).toMatchObject({ status: 409, code: 'policy_gate_exceeded', release_id: expect.stringMatching(/^prl_/) as string });
  expect((blocked['errors'] as Array<{ message: string }>).map(({ message }) => message)).toEqual([
    '2 of 10 decisions come out otherwise (20 %), and the gate allows 10 %.', '3 runs would have been denied and were not, and the gate allows 0.',
  ]);
  const id = String(blocked['release_id']);
  expect(await asking.call('POST', '/policy-releases', body, key)).toMatchObject({ status: 409, release_id: id });
  const seq = async (): Promise<number> => ((await admin.get('/policy'))['items'] as Array<{ environment: string; mode: string; seq: number }>).find(({ environment, mode }) => environment === 'dev' && mode === 'enforce')?.seq ?? 0;
  const before = await seq();

  const override = (who: PolicyClient, reason = 'The old rule loses us orders'): ReturnType<PolicyClient['call']> => who.call('POST', `/policy-releases/${id}/override`, { reason });
  expect(await override(asking)).toMatchObject({ status: 403, code: 'policy_own_release' });
  expect(await override(new PolicyClient(plane, await plane.principal(['policy-admin'])))).toMatchObject({ status: 403, code: 'forbidden' });
  expect(await override(new PolicyClient(plane, await plane.principal(['approver'], plane.tenant, 'service')))).toMatchObject({ status: 403, code: 'forbidden', detail: 'A gate is overridden by a person, not by a service.' });
  const approver = await plane.principal(['approver']);
  expect(await override(new PolicyClient(plane, approver), '  ')).toMatchObject({ code: 'request_invalid' });
  expect([await seq(), (await admin.get(`/policy-releases/${id}`))['state']]).toEqual([before, 'blocked']);

  const released = await override(new PolicyClient(plane, approver));
  expect(released).toMatchObject({ status: 200, state: 'released', requested_by: policyAdmin.id, overridden_by: approver.id, override_reason: 'The old rule loses us orders', bundle: { seq: before + 1 } });
  expect(await override(new PolicyClient(plane, approver))).toMatchObject({ status: 409, code: 'policy_release_state' });
  expect(await plane.auditTypes(id)).toEqual(['policy.release_blocked', 'policy.gate_overridden', 'policy.released']);
  expect(JSON.stringify(await plane.auditEvents())).not.toContain('loses us orders');
}, 90_000);

test('what was kept back on top of something that is in force no more is asked for anew', async () => {
  const { version, stackDigest } = await candidate('four');
  const blocked = await ask(version, { replay_id: await finishedReplay(stackDigest, { replayed: 10, changed: 5, newly_denied_runs: 0 }) });
  expect(blocked['code']).toBe('policy_gate_exceeded');
  const overview = (await admin.get('/policies'))['environments'] as Array<{ environment: string; blocked: Array<{ id: string }> }>;
  expect(overview.find(({ environment }) => environment === 'dev')?.blocked.map(({ id }) => id)).toEqual([blocked['release_id']]);
  expect(await asking.release(env.dev, { kind: 'rollback', to_release_id: null })).toMatchObject({ status: 201 });
  const path = `/policy-releases/${String(blocked['release_id'])}`;
  expect(await admin.call('POST', `${path}/override`, { reason: 'For a test' })).toMatchObject({ status: 409, code: 'policy_release_raced' });
  expect(await admin.call('POST', `${path}/withdraw`, { reason: 'Too much of a change' })).toMatchObject({ status: 200, state: 'withdrawn', released_at: null, bundle: null });
  expect(await admin.call('POST', `${path}/override`, { reason: 'For a test' })).toMatchObject({ status: 409, code: 'policy_release_state' });
}, 90_000);
