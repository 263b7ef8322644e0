import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Change } from '@countersign/contracts/events/change.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { packBundle, unpackBundle } from '@countersign/platform/opa/bundle/archive.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { policyInput } from '../testing/policy-input.ts';
import { seedApproval, seedRun } from '../testing/seeded-run.ts';
import { seedDecision } from '../testing/seeded-decision.ts';
import { carryOut } from './thread/replay.ts';
import { claimReplay } from './thread/repository-progress.ts';
import type { ClaimedReplay } from './thread/repository-progress.ts';

let plane: ControlPlaneUnderTest;
let objects: FolderObjects;
let stranger: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  objects = new FolderObjects(plane.config.objectsFolder);
  stranger = await plane.principal(['admin'], await plane.otherTenant());
});
afterAll(() => plane.stop());

/** A day of its own for each test, so that their decisions do not meet. */
const day = (number: number): { from: string; to: string; at: (second: number) => Date } => ({
  from: new Date(Date.UTC(2026, 5, number)).toISOString(), to: new Date(Date.UTC(2026, 5, number + 1)).toISOString(), at: (second) => new Date(Date.UTC(2026, 5, number, 0, 0, second)),
});
const start = (period: { from: string; to: string }, options: { key?: string; environmentId?: string } = {}): Promise<ApiReply> => {
  const environment_id = options.environmentId ?? plane.tenant.environmentId;
  return plane.api('POST', '/api/v1/policy-replays', { json: { against: { environment_id }, environment_id, from: period.from, to: period.to, reason: 'Before the release' }, ...(options.key === undefined ? {} : { key: options.key }) });
};
const read = async (id: unknown): Promise<Record<string, unknown>> => (await plane.api('GET', `/api/v1/policy-replays/${String(id)}`)).body;
async function ended(id: unknown): Promise<Record<string, unknown>> {
  await expect.poll(async () => (await read(id))['state'], { timeout: 20_000 }).not.toMatch(/queued|running/);
  return read(id);
}
const change = (text: string, values: readonly unknown[]): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.length}.${text.slice(0, 20)}`, text }, values));
const asExecution = (text: string, values: readonly unknown[]): Promise<number> => plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.length}.${text.slice(0, 20)}`, text }, values));
const changesLeft = async (): Promise<number> => (await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.one<{ count: number }>({ name: 'test.changes', text: 'SELECT count(*)::int AS count FROM control.policy_replay_changes' }))).count;

const action = policyInput({ tenantId: 't', workspaceId: 'w', environmentId: 'e' }).action;
const READ = { action: { ...action, name: 'ticket.get', risk: 'read' as const } };
const DESTRUCTIVE = { action: { ...action, name: 'ticket.delete', risk: 'destructive' as const, reversible: false } };
const OURS = [{ rule: 'tenant/former', message: 'A policy of before' }];

describe('the report', () => {
  test('counts every known difference exactly, and what could not be asked apart', async () => {
    const { at, ...period } = day(1);
    let second = 0;
    const seed = (decision: Parameters<typeof seedDecision>[1]) => seedDecision(plane, { reasons: OURS, ...decision, decidedAt: at(second += 1) });

    for (let same = 0; same < 3; same += 1) await seed({});
    const asked = [await seed({ outcome: 'ALLOW' }), await seed({ outcome: 'ALLOW' })];
    // The same action of the same run once more: a change, but people are asked once.
    asked.push(await seed({ outcome: 'ALLOW', run: asked[0]! }));
    const denied = await seed({ outcome: 'ALLOW', input: DESTRUCTIVE });
    await asExecution('UPDATE execution.runs SET cost_usd = 0.25 WHERE tenant_id = $1 AND id = $2', [plane.tenant.tenantId, denied.runId]);
    const deniedAnyway = await seedRun(plane);
    await seed({ outcome: 'DENY', run: deniedAnyway, input: DESTRUCTIVE });
    const alsoDenied = await seed({ outcome: 'ALLOW', run: deniedAnyway, input: DESTRUCTIVE });
    const freed = await seed({ outcome: 'DENY', input: READ });
    await seed({ obligations: { tier: 'standard', required_role: 'approver', required_votes: 2, deadline_ms: 86_400_000 } });
    const unasked = await seed({ input: READ });
    for (const inputState of ['shredded', 'shredded', 'none'] as const) await seed({ inputState });
    await seed({ outcome: 'DENY', reasons: [{ rule: 'bundle_stale', message: 'Too old' }] });
    await seed({ input: { former_field: 1 } as never });
    const approval = await seedApproval(plane);
    const voter = await plane.principal(['approver']);
    await change(`INSERT INTO control.approval_votes (tenant_id, approval_id, id, principal_id, role, decision, action_digest, auth_strength, channel, voted_at)
      SELECT tenant_id, id, $3, $4, 'approver', 'approve', action_digest, 'link', 'console', requested_at + interval '10 minutes' FROM control.approvals WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, approval.id, newId('vote'), voter.id]);

    const begun = await start(period);
    expect([begun.status, begun.body]).toMatchObject([202, { environment: 'prod', reason: 'Before the release', requested_by: expect.stringMatching(/^prn_/), stack_digest: expect.stringMatching(/^sha256:/), report: null }]);
    const replay = await ended(begun.body['id']);
    expect(replay).toMatchObject({ state: 'succeeded', progress: 1, total: 17, done: 17, error: null });
    const report = replay['report'] as Record<string, unknown>;
    expect(report['figures']).toEqual({
      replayed: 12, unchanged: 4, changed: 7, changed_obligations: 1,
      newly_denied: 2, newly_denied_runs: 1, newly_denied_runs_cost_usd: '0.250000000', no_longer_denied: 1, no_longer_denied_runs: 1,
      extra_approvals: 2, extra_votes: 2, extra_person_minutes: 20, approvals_no_longer_needed: 1, votes_no_longer_needed: 2, person_minutes_no_longer_needed: 20,
    });
    expect(report['not_replayed']).toEqual({ shredded: 2, not_kept: 1, not_by_policy: 1, input_outdated: 1, facts_missing: 0, failed: 0 });
    expect(report['decision_times']).toEqual([{ tier: 'standard', median_ms: 600_000, votes: 1 }, { tier: null, median_ms: 600_000, votes: 1 }]);
    const group = (name: string, rule: string, from: string, to: string, decisions: Array<{ id: string; runId: string }>) =>
      ({ action: `desk/${name}`, workflow: 'triage', rule, from, to, count: decisions.length, runs: new Set(decisions.map((one) => one.runId)).size, examples: decisions.map((one) => one.id).toReversed() });
    expect(report['groups']).toEqual([
      group('ticket.update', 'itsm/write_needs_approval', 'ALLOW', 'REQUIRE_HITL', asked),
      group('ticket.delete', 'itsm/destructive_denied', 'ALLOW', 'DENY', [denied, alsoDenied]),
      group('ticket.get', 'itsm/read_allowed', 'DENY', 'ALLOW', [freed]),
      group('ticket.get', 'itsm/read_allowed', 'REQUIRE_HITL', 'ALLOW', [unasked]),
    ]);
    expect(await changesLeft()).toBe(0);

    const listed = (await plane.api('GET', '/api/v1/policy-replays')).body['items'] as Array<{ id: string; report: { figures: unknown; groups: unknown[] } }>;
    expect(listed.find((one) => one.id === begun.body['id'])).toMatchObject({ report: { figures: report['figures'], groups: [] } });
    expect(await plane.auditTypes(String(begun.body['id']))).toEqual(['policy.replay_requested']);
  }, 30_000);

  test('of a period without decisions says so', async () => {
    const { report, ...replay } = await ended((await start(day(2))).body['id']);
    expect(replay).toMatchObject({ state: 'succeeded', total: 0, progress: 1 });
    expect(report).toMatchObject({ figures: { replayed: 0, changed: 0, extra_person_minutes: 0 }, groups: [] });
  });
});

describe('who carries it out', () => {
  const inHand = async (period: { from: string; to: string }, bundleKey?: string): Promise<ClaimedReplay> => {
    // Queued while another runs, so that the plane's own thread leaves it alone until it is claimed here.
    const id = newId('policy_replay');
    const key = bundleKey ?? (await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows<{ bundle_key: string }>({ name: 'test.key', text: `SELECT bundle_key FROM control.policy_replays WHERE state = 'succeeded' LIMIT 1` })))[0]!.bundle_key;
    return plane.database.control.forTenant(plane.tenant.tenantId, async (tx) => {
      await tx.change({ name: 'test.replay', text: `INSERT INTO control.policy_replays (tenant_id, id, workspace_id, environment_id, against, stack_digest, revision, bundle_key, decided_from, decided_to, requested_by)
        VALUES ($1, $2, $3, $4, '{}', 'sha256:0', 'test', $5, $6, $7, 'prn_test')` }, [plane.tenant.tenantId, id, plane.tenant.workspaceId, plane.tenant.environmentId, key, period.from, period.to]);
      return tx.one<ClaimedReplay>(claimReplay, [plane.tenant.tenantId]);
    });
  };
  const parts = (notified: (state: string) => void, page_rows = 10) => ({ database: plane.database.control, keys: plane.keys, objects, page_rows, notifier: { changed: (told: Change) => notified(told.state) } });

  test('goes on where another has stopped, and counts nothing twice', async () => {
    const { at, ...period } = day(3);
    const run = await seedRun(plane);
    for (let second = 0; second < 25; second += 1) await seedDecision(plane, { run, outcome: 'ALLOW', reasons: OURS, decidedAt: at(second), input: { action: { ...action, digest: `sha256:${String(second).padStart(64, '0')}` } } });
    const claimed = await inHand(period);
    const stopping = new AbortController();
    // Stops after the first page, as a control plane does that is asked to end.
    await carryOut(parts(() => stopping.abort()), plane.tenant.tenantId, claimed, stopping.signal);
    const stopped = await read(claimed.id);
    expect([stopped['done'], stopped['total']]).toEqual([10, 25]);
    const replay = await ended(claimed.id);
    expect(replay).toMatchObject({ state: 'succeeded', done: 25, report: { figures: { replayed: 25, changed: 25, extra_approvals: 25 } } });
  }, 30_000);

  test('whoever lost it to another writes nothing any more', async () => {
    const { at, ...period } = day(4);
    for (let second = 0; second < 3; second += 1) await seedDecision(plane, { decidedAt: at(second) });
    const claimed = await inHand(period);
    await change(`UPDATE control.policy_replays SET fence = fence + 1 WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, claimed.id]);
    const told: string[] = [];
    await carryOut(parts((state) => told.push(state)), plane.tenant.tenantId, claimed, new AbortController().signal);
    expect(told).toEqual([]);
    expect(await read(claimed.id)).toMatchObject({ state: 'running', done: 0, total: null });
    expect((await plane.api('POST', `/api/v1/policy-replays/${claimed.id}/cancel`)).body).toMatchObject({ state: 'cancelled' });
  });

  test('a policy that cannot be run fails the replay with what is wrong', async () => {
    const { at, ...period } = day(5);
    await seedDecision(plane, { decidedAt: at(1) });
    const good = await inHand(period);
    const files = new Map([...unpackBundle(await objects.get(good.bundle_key)), ['policy.wasm', Buffer.from('not wasm')]]);
    await objects.put('policy-parts/broken.tar.gz', packBundle(files));
    await carryOut(parts(() => undefined), plane.tenant.tenantId, { ...good, bundle_key: 'policy-parts/broken.tar.gz' }, new AbortController().signal);
    expect(await read(good.id)).toMatchObject({ state: 'failed', error: { code: 'policy_error' }, report: null });
  });

  test('one at a time for each tenant: the next begins when the one before it is cancelled', async () => {
    const { at, ...period } = day(6);
    await seedDecision(plane, { decidedAt: at(1) });
    const first = await inHand(period);
    const second = await start(period);
    const theirs = await start(period, { key: stranger.key, environmentId: stranger.environmentId });
    await expect.poll(async () => (await plane.api('GET', `/api/v1/policy-replays/${String(theirs.body['id'])}`, { key: stranger.key })).body['state'], { timeout: 20_000 }).toBe('succeeded');
    expect((await read(second.body['id']))['state']).toBe('queued');
    const cancelled = await plane.api('POST', `/api/v1/policy-replays/${first.id}/cancel`);
    expect([cancelled.status, cancelled.body]).toMatchObject([200, { state: 'cancelled' }]);
    expect((await ended(second.body['id']))['state']).toBe('succeeded');
    expect((await plane.api('POST', `/api/v1/policy-replays/${first.id}/cancel`)).body['code']).toBe('replay_already_ended');
    expect(await plane.auditTypes(first.id)).toEqual(['policy.replay_cancelled']);
  }, 30_000);

  test('what waits when the control plane ends is carried out by the next', async () => {
    const { at, ...period } = day(7);
    await seedDecision(plane, { decidedAt: at(1) });
    const held = await inHand(period);
    const { id } = (await start(period)).body;
    await plane.api('POST', `/api/v1/policy-replays/${held.id}/cancel`);
    await plane.restart();
    expect((await ended(id))['state']).toBe('succeeded');
  }, 30_000);
});

describe('who may', () => {
  test('nobody reads, cancels or asks about what is another tenant\'s', async () => {
    const { id } = (await start(day(8))).body;
    for (const [method, path] of [['GET', ''], ['POST', '/cancel']] as const) {
      const reply = await plane.api(method, `/api/v1/policy-replays/${String(id)}${path}`, { key: stranger.key });
      expect([reply.status, reply.body['code']]).toEqual([404, 'not_found']);
    }
    expect((await start(day(8), { key: stranger.key })).body['code']).toBe('policy_environment_unknown');
    expect(((await plane.api('GET', '/api/v1/policy-replays', { key: stranger.key })).body['items'] as Array<{ id: string }>).map((one) => one.id)).not.toContain(id);
  });

  test('a period in which nothing can be is refused', async () => {
    const reply = await start({ from: '2126-01-01T00:00:00Z', to: '2127-01-01T00:00:00Z' });
    expect([reply.status, reply.body['errors']]).toMatchObject([400, [{ field: '/from' }]]);
  });
});
