import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { ControlPlaneUnderTest, TestTenant } from './control-plane-under-test.ts';
import { seedDecision } from './seeded-decision.ts';
import { seedApproval, seedRun } from './seeded-run.ts';
import type { SeededApproval, SeededRun } from './seeded-run.ts';

const insertCall: Statement = {
  name: 'seed.call',
  text: `INSERT INTO execution.tool_calls (tenant_id, id, environment_id, run_id, step_id, call_key, fence, attempt, action, risk, connector_version, action_digest, idempotency_key, decision_id, error)
    VALUES ($1, $2, $3, $4, $5, 'main', 1, 1, 'desk/ticket.update', 'write', '1.0.0', $6, $2, $7, '{"code":"outcome_unknown","message":"Cannot be looked up."}')`,
};
const moveCall: Statement = { name: 'seed.call_state', text: 'UPDATE execution.tool_calls SET state = $3 WHERE tenant_id = $1 AND id = $2' };
const insertAttempt: Statement = { name: 'seed.attempt', text: `INSERT INTO execution.step_attempts (tenant_id, step_id, attempt, fence, worker) VALUES ($1, $2, 1, 1, 'worker-9')` };
const leaseStep: Statement = { name: 'seed.lease', text: `UPDATE execution.steps SET state = 'leased', lease_owner = 'worker-9', lease_expires_at = clock_timestamp() + interval '1 minute' WHERE tenant_id = $1 AND id = $2` };
const endStep: Statement = { name: 'seed.end', text: `UPDATE execution.steps SET state = $3, lease_owner = NULL, lease_expires_at = NULL, error = $4, finished_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2` };
const failRun: Statement = { name: 'seed.fail_run', text: `UPDATE execution.runs SET state = 'failed', finished_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2` };
const makeQuestion: Statement = { name: 'seed.question', text: `UPDATE control.approvals SET kind = 'outcome', call_id = $3, tier = 'outcome' WHERE tenant_id = $1 AND id = $2` };

/** A write of unknown outcome, as a worker leaves it. Gives the call's id. */
async function seedUncertainCall(plane: ControlPlaneUnderTest, run: SeededRun, digest: string, { tenantId, environmentId }: TestTenant): Promise<string> {
  const decision = await seedDecision(plane, { run, outcome: 'ALLOW' });
  const callId = newId('tool_call');
  await plane.database.execution.forTenant(tenantId, async (tx) => {
    await tx.change(insertAttempt, [tenantId, run.stepId]);
    await tx.change(insertCall, [tenantId, callId, environmentId, run.runId, run.stepId, digest, decision.id]);
    await tx.change(moveCall, [tenantId, callId, 'uncertain']);
  });
  return callId;
}

/** A run whose only step was given up on, with `code`. */
export async function seedDeadLetter(plane: ControlPlaneUnderTest, code: string, { tenant = plane.tenant, state = 'dead' }: { readonly tenant?: TestTenant; readonly state?: 'dead' | 'failed' } = {}): Promise<SeededRun> {
  const run = await seedRun(plane, tenant);
  await plane.database.execution.forTenant(tenant.tenantId, async (tx) => {
    await tx.change(leaseStep, [tenant.tenantId, run.stepId]);
    await tx.change(endStep, [tenant.tenantId, run.stepId, state, JSON.stringify({ code, message: 'It broke.' })]);
    await tx.change(failRun, [tenant.tenantId, run.runId]);
  });
  if (tenant === plane.tenant) await seedUncertainCall(plane, run, 'sha256:1', tenant);
  return run;
}

/** A question about a call of unknown outcome, as a worker asks it. */
export async function seedQuestion(plane: ControlPlaneUnderTest, options: Parameters<typeof seedApproval>[1] = {}): Promise<SeededApproval & { readonly callId: string }> {
  const approval = await seedApproval(plane, options);
  const callId = await seedUncertainCall(plane, approval, approval.digest, plane.tenant);
  await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change(makeQuestion, [plane.tenant.tenantId, approval.id, callId]));
  return { ...approval, callId };
}

/** The step of the run is under way with a write. */
export async function seedWriteUnderWay(plane: ControlPlaneUnderTest): Promise<SeededRun> {
  const run = await seedRun(plane);
  await seedUncertainCall(plane, run, 'sha256:1', plane.tenant);
  await plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change(leaseStep, [plane.tenant.tenantId, run.stepId]));
  return run;
}
