import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';

type Timeline = components['schemas']['RunTimeline'];

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' }); });
afterAll(() => plane.stop());

const asExecution = (text: string, values: unknown[]): Promise<number> =>
  plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${newId('request')}`, text }, values));

async function timeline(runId: string, query = '', key = plane.adminKey): Promise<Timeline> {
  const { status, body } = await plane.api('GET', `/api/v1/runs/${runId}/timeline${query}`, { key });
  expect(status).toBe(200);
  return body as unknown as Timeline;
}

/** A run whose one step was tried twice, and now waits for a person who has voted. */
async function seedStory(): Promise<SeededApproval> {
  const { tenantId, environmentId } = plane.tenant;
  const asked = await seedApproval(plane);
  const decision = newId('decision');
  await asExecution(`INSERT INTO execution.step_attempts (tenant_id, step_id, attempt, fence, worker, finished_at, result, error)
    SELECT $1, $2, i, i, 'worker-' || i, clock_timestamp(), CASE i WHEN 1 THEN 'retrying' END, '{"code":"peer_timeout","message":"The peer did not answer."}' FROM generate_series(1, 2) i`, [tenantId, asked.stepId]);
  await asExecution(`UPDATE execution.step_attempts SET state = CASE fence WHEN 1 THEN 'released' ELSE 'expired' END WHERE tenant_id = $1 AND step_id = $2`, [tenantId, asked.stepId]);
  await asExecution(`INSERT INTO execution.decisions (tenant_id, id, run_id, step_id, call_key, action, action_digest, outcome, reasons, input_digest, evaluated_us)
    VALUES ($1, $2, $3, $4, 'main', 'desk/ticket.update', 'sha256:0', 'REQUIRE_HITL', '[{"rule":"itsm.writes","message":"People decide on writes."}]', 'sha256:1', 40)`, [tenantId, decision, asked.runId, asked.stepId]);
  await asExecution(`INSERT INTO execution.tool_calls (tenant_id, id, environment_id, run_id, step_id, call_key, fence, attempt, action, risk, connector_version, action_digest, idempotency_key, decision_id)
    VALUES ($1, $2, $3, $4, $5, 'main', 2, 2, 'desk/ticket.update', 'write', '1.0.0', 'sha256:0', $2, $6)`, [tenantId, newId('tool_call'), environmentId, asked.runId, asked.stepId, decision]);
  await asExecution(`UPDATE execution.steps SET state = 'leased', lease_owner = 'w', lease_expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`, [tenantId, asked.stepId]);
  await asExecution(`UPDATE execution.steps SET state = 'waiting', lease_owner = NULL, lease_expires_at = NULL, approval_id = $3 WHERE tenant_id = $1 AND id = $2`, [tenantId, asked.stepId, asked.id]);
  return asked;
}

test('tells what happened in order, who did it, and what each open step waits for', async () => {
  const asked = await seedStory();
  const voter = await plane.principal(['approver']);
  await plane.api('POST', `/api/v1/approvals/${asked.id}/votes`, { key: voter.key, json: { decision: 'reject', action_digest: asked.digest, reason: 'Not today' } });
  const { entries, steps, paused } = await timeline(asked.runId);
  expect(paused).toBeNull();
  const kinds = entries.map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(['approval', 'attempt', 'attempt', 'call', 'created', 'decision', 'received', 'vote']);
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted());
  expect(entries.filter(({ kind }) => kind === 'attempt')).toMatchObject([{ worker: 'worker-1', fence: '1', attempt: 1, result: 'retrying', error: { code: 'peer_timeout' } }, { worker: 'worker-2', fence: '2', result: 'lease_expired' }]);
  expect(entries.find(({ kind }) => kind === 'decision')).toMatchObject({ result: 'REQUIRE_HITL', step_key: 'update', message: 'People decide on writes.' });
  expect(entries.find(({ kind }) => kind === 'vote')).toMatchObject({ by: voter.id, result: 'reject', message: 'Not today' });
  expect(steps).toMatchObject([{ key: 'update', state: 'waiting', lease: null, waiting_for: { kind: 'approval', approval_id: asked.id } }]);
});

test('is read in pages that neither repeat nor leave out', async () => {
  const asked = await seedStory();
  const whole = await timeline(asked.runId);
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Timeline = await timeline(asked.runId, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(page.entries.length).toBeLessThanOrEqual(2);
    ids.push(...page.entries.map(({ id, kind }) => `${kind} ${id}`));
    cursor = page.next_cursor;
  }
  expect(ids).toEqual(whole.entries.map(({ id, kind }) => `${kind} ${id}`));
});

test('a lease says who holds it, until when, and whether it is over; a run of others is none', async () => {
  const asked = await seedApproval(plane);
  await asExecution(`UPDATE execution.steps SET state = 'leased', fence = 7, lease_owner = 'worker-9', lease_expires_at = clock_timestamp() - interval '1 second' WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, asked.stepId]);
  expect((await timeline(asked.runId)).steps).toMatchObject([{ lease: { worker: 'worker-9', fence: '7', expired: true }, waiting_for: null }]);
  const stranger = await plane.principal(['admin'], await plane.otherTenant());
  expect((await plane.api('GET', `/api/v1/runs/${asked.runId}/timeline`, { key: stranger.key })).status).toBe(404);
});
