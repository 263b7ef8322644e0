import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { BUCKET_COUNT, bucketOf } from '@countersign/platform/telemetry/buckets.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { seedApproval, seedRun } from '../testing/seeded-run.ts';
import { stepDepth } from './queries.ts';

type Schemas = components['schemas'];

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' }); });
afterAll(() => plane.stop());
beforeEach(async () => {
  await asExecution('DELETE FROM execution.figures', []);
  // A control plane keeps its answer for two seconds: a new one has none.
  await plane.restart();
});

const asExecution = (text: string, values: unknown[], tenantId = plane.tenant.tenantId): Promise<number> =>
  plane.database.execution.forTenant(tenantId, (tx) => tx.change({ name: `test.${newId('request')}`, text }, values));
const queues = async (key = plane.adminKey): Promise<Schemas['Queues']> => (await plane.api('GET', '/api/v1/operations/queues', { key })).body as unknown as Schemas['Queues'];
const board = async (query = ''): Promise<Schemas['Board']> => (await plane.api('GET', `/api/v1/operations/board${query}`)).body as unknown as Schemas['Board'];

async function seedFigures(changes: { readonly claims?: number; readonly workflow?: string; readonly environmentId?: string; readonly ago_s?: number; readonly waits_ms?: readonly number[] } = {}): Promise<void> {
  const counts = Array.from({ length: BUCKET_COUNT }, () => 0);
  for (const ms of changes.waits_ms ?? []) counts[bucketOf(ms)] = counts[bucketOf(ms)]! + 1;
  await asExecution(`
    INSERT INTO execution.figures (tenant_id, at, worker, environment_id, workflow_name, runs_started, runs_succeeded, runs_failed, runs_cancelled, steps_claimed, steps_succeeded, steps_failed,
      steps_retried, steps_dead, decisions, queue_wait, step_duration, run_duration)
    VALUES ($1, clock_timestamp() - make_interval(secs => $2), $3, $4, $5, 1, 1, 0, 0, $6, 4, 0, 2, 1, '{"ALLOW":4,"DENY":1}', $7, $7, $7)`,
  [plane.tenant.tenantId, changes.ago_s ?? 0, newId('request'), changes.environmentId ?? plane.tenant.environmentId, changes.workflow ?? 'triage', changes.claims ?? 5, counts]);
}

test('queues are counted where they wait: by environment and workflow, with what is stuck and how fast it goes', async () => {
  const { tenantId } = plane.tenant;
  await seedRun(plane);
  const late = await seedRun(plane);
  await asExecution(`UPDATE execution.steps SET available_at = clock_timestamp() - interval '1 hour' WHERE tenant_id = $1 AND id = $2`, [tenantId, late.stepId]);
  const dead = await seedRun(plane);
  await asExecution(`UPDATE execution.steps SET state = 'leased', lease_owner = 'w', lease_expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`, [tenantId, dead.stepId]);
  await asExecution(`UPDATE execution.steps SET state = 'dead', lease_owner = NULL, lease_expires_at = NULL, finished_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`, [tenantId, dead.stepId]);
  const paused = await seedRun(plane);
  await asExecution(`UPDATE execution.runs SET paused_at = clock_timestamp(), paused_by = 'prn', pause_reason = 'So.' WHERE tenant_id = $1 AND id = $2`, [tenantId, paused.runId]);
  await asExecution(`UPDATE execution.steps SET available_at = clock_timestamp() - interval '2 hours' WHERE tenant_id = $1 AND id = $2`, [tenantId, paused.stepId]);
  await seedApproval(plane);
  await seedFigures({ claims: 50 });

  const { items, totals, dispatch } = await queues();
  expect(items).toMatchObject([{
    environment: 'prod', workflow_name: 'triage', runs: { queued: 0, running: 5, paused: 1 }, steps: { ready: 4, leased: 0, held: 0 },
    claims_per_minute: 10, retries_per_minute: 0.4, dead_letters: 1, dead_letters_per_hour: 1, attention: 2, counted_up_to: null,
  }]);
  // The paused one waits longer, but nobody may claim it.
  expect(items[0]!.oldest_ready_ms).toBeGreaterThanOrEqual(3_600_000);
  expect(items[0]!.oldest_ready_ms).toBeLessThan(7_200_000);
  expect(totals).toMatchObject({ runs: { running: 5 }, steps: { ready: 4 }, dead_letters: 1, claims_per_minute: 10 });
  expect(dispatch).toMatchObject({ kind: 'postgres', outbox: null, queue: null });
  const stranger = await plane.principal(['operator'], await plane.otherTenant());
  expect((await queues(stranger.key)).items).toEqual([]);
});

test('with SQS the depth of the outbox and what the queue said last stand beside; a worker that drains is told apart', async () => {
  const { tenantId } = plane.tenant;
  const run = await seedRun(plane);
  await asExecution(`INSERT INTO execution.outbox (tenant_id, run_id, due_at) VALUES ($1, $2, clock_timestamp() - interval '3 seconds')`, [tenantId, run.runId]);
  await plane.database.execution.forNoTenant((tx) => tx.change({ name: 'test.worker', text: `
    INSERT INTO execution.workers (id, version, policy, wake, draining_since) VALUES ('worker-1', '1', '[]', '{"kind":"sqs","asked_at":"2026-01-01T00:00:00.000Z","visible":3,"in_flight":1,"dead_letters":2}', clock_timestamp())` }));
  const { dispatch } = await queues();
  expect(dispatch).toMatchObject({ kind: 'sqs', outbox: { depth: 1 }, queue: { visible: 3, in_flight: 1, dead_letters: 2 }, workers: [{ id: 'worker-1', in_flight: 0, draining_since: expect.any(String) as string }] });
  expect(dispatch.outbox!.oldest_ms).toBeGreaterThanOrEqual(3_000);
  await plane.database.execution.forNoTenant((tx) => tx.change({ name: 'test.no_worker', text: 'DELETE FROM execution.workers' }));
});

test('the board adds up what workers wrote, in points that are all there, and gives quantiles of all of it together', async () => {
  await seedFigures({ waits_ms: [3, 3, 3] });
  await seedFigures({ waits_ms: [9_000] });
  await seedFigures({ workflow: 'other', claims: 1 });
  await seedFigures({ ago_s: 3_600 });
  const { series, totals, workflows, bucket_ms, from, to } = await board('?minutes=10');
  expect([series.length, bucket_ms, new Date(to).getTime() - new Date(from).getTime()]).toEqual([60, 10_000, 600_000]);
  expect(totals).toMatchObject({ runs_started: 3, steps_claimed: 11, steps_retried: 6, steps_dead: 3, decisions: { ALLOW: 12, DENY: 3 }, queue_wait: { count: 4, p50_ms: 3.3, p99_ms: 9_880 } });
  expect(series.reduce((sum, point) => sum + point.steps_claimed, 0)).toBe(11);
  expect(series[0]).toMatchObject({ steps_claimed: 0, queue_wait: { count: 0, p50_ms: null } });
  expect(workflows.map(({ workflow_name, steps_claimed }) => [workflow_name, steps_claimed])).toEqual([['triage', 10], ['other', 1]]);
  expect((await board('?workflow=other')).totals.steps_claimed).toBe(1);
  expect((await board('?environment=dev')).totals.steps_claimed).toBe(0);
  expect((await board('?minutes=180')).totals.steps_claimed).toBe(16);
});

test('depth is read in the indexes of claims, however much has been done', async () => {
  const { tenantId, workspaceId, environmentId } = plane.tenant;
  await asExecution(`
    INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key)
    SELECT $1, 'run_y' || i, $2, $3, 'wfl', 'triage', 1, 'sha256:00', '{}', 'event', 'y' || i FROM generate_series(1, 3000) i`, [tenantId, workspaceId, environmentId]);
  await asExecution(`INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) SELECT $1, 'stp_y' || i, 'run_y' || i, 'update', 0, 'x/y', 'ready' FROM generate_series(1, 3000) i`, [tenantId]);
  const owner = new Database({ url: plane.database.adminUrl, applicationName: 'test analyze' });
  await owner.pool.query('ANALYZE execution.runs, execution.steps');
  await owner.close();
  const plan = await plane.database.control.forTenant(tenantId, async (tx) => {
    const text = stepDepth.text.replaceAll('$1', `'${tenantId}'`).replaceAll('$2', `'${workspaceId}'`).replaceAll('$3', '100');
    return (await tx.rows<{ 'QUERY PLAN': string }>({ name: 'test.plan', text: `EXPLAIN ${text}` })).map((row) => row['QUERY PLAN']).join('\n');
  });
  expect(plan).toMatch(/steps_claimable/);
  expect(plan).not.toMatch(/Seq Scan on steps/);
});
