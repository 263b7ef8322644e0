import { newId } from '@countersign/platform/ids/typeid.ts';
import { canonicalBytes, digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { ControlPlaneUnderTest, TestTenant } from './control-plane-under-test.ts';

export interface SeededRun {
  readonly runId: string;
  readonly stepId: string;
}

export interface SeededApproval extends SeededRun {
  readonly id: string;
  readonly digest: string;
  readonly requestedBy: string;
}

/** A waiting run with one step, written as the execution plane writes it. */
export async function seedRun(plane: ControlPlaneUnderTest, tenant: TestTenant = plane.tenant, changes: { readonly subject?: string; readonly state?: string } = {}): Promise<SeededRun> {
  const { tenantId, workspaceId, environmentId } = tenant;
  const runId = newId('run');
  const stepId = newId('step');
  const deliveryId = newId('delivery');
  const subject = changes.subject ?? `ticket-${runId.slice(-6)}`;
  await plane.database.execution.forTenant(tenantId, async (tx) => {
    await tx.change({ name: 'seed.delivery', text: `INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, dedupe_key, source, payload)
      VALUES ($1, $2, $3, $4, 'ins', 'desk', 'ticket.created', $5, $2, 'webhook', '{}')` }, [tenantId, deliveryId, workspaceId, environmentId, subject]);
    await tx.change({ name: 'seed.run', text: `INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key, delivery_id, subject, subject_label)
      VALUES ($1, $2, $3, $4, 'wfl', 'triage', 1, 'sha256:00', '{}', 'event', $2, $5, $6, 'T100%')` }, [tenantId, runId, workspaceId, environmentId, deliveryId, subject]);
    await tx.change({ name: 'seed.step', text: `INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state) VALUES ($1, $2, $3, 'update', 0, 'desk/ticket.update', 'ready')` }, [tenantId, stepId, runId]);
    for (const state of ['running', ...(changes.state === undefined || changes.state === 'running' ? [] : [changes.state])]) {
      await tx.change({ name: 'seed.run_state', text: 'UPDATE execution.runs SET state = $3 WHERE tenant_id = $1 AND id = $2' }, [tenantId, runId, state]);
    }
  });
  return { runId, stepId };
}

/** A pending approval, sealed as the gateway seals it. */
export async function seedApproval(plane: ControlPlaneUnderTest, options: { readonly tenant?: TestTenant; readonly votes?: number; readonly expires_ms?: number; readonly requestedBy?: string; readonly alter?: boolean; readonly role?: string; readonly tier?: string; readonly signIn?: { readonly minStrength: string; readonly maxAgeMs: number } } = {}): Promise<SeededApproval> {
  const tenant = options.tenant ?? plane.tenant;
  const { tenantId, workspaceId, environmentId } = tenant;
  const run = await seedRun(plane, tenant);
  const id = newId('approval');
  const action = { format: 'countersign.dev/action/v1', tenant_id: tenantId, run_id: run.runId, action: 'ticket.update', parameters: { id: 'ticket-1', category: 'network' } };
  const digest = digestOf(action);
  const stored = options.alter ? { ...action, parameters: { id: 'ticket-2', category: 'network' } } : action;
  const preview = { preview: { title: 'Change ticket-1', fields: [{ name: 'category', label: 'Category', before: '', after: 'network' }], additions: [] }, target: { id: 'ticket-1', label: 'T1', version: '3' } };
  const seal = (value: unknown): Promise<Uint8Array> => plane.keys.seal(tenantId, 'approval', id, canonicalBytes(value));
  const requestedBy = options.requestedBy ?? newId('principal');
  const values = [tenantId, id, workspaceId, environmentId, run.runId, run.stepId, digest, await seal(stored), await seal(preview), options.role ?? 'approver', options.votes ?? 1, requestedBy, newId('decision'), options.expires_ms ?? 600_000, options.tier ?? 'standard',
    options.signIn?.minStrength ?? null, options.signIn?.maxAgeMs ?? null];
  await plane.database.execution.forTenant(tenantId, (tx) => tx.change({ name: 'seed.approval', text: `
    INSERT INTO control.approvals (tenant_id, id, workspace_id, environment_id, run_id, step_id, step_key, action, action_digest, action_sealed, preview_sealed, subject, tier,
                                   required_role, required_votes, requested_by, decision_id, expires_at, min_strength, max_sign_in_age_ms)
    VALUES ($1, $2, $3, $4, $5, $6, 'update', 'desk/ticket.update', $7, $8, $9, 'ticket-1', $15, $10, $11, $12, $13, clock_timestamp() + make_interval(secs => $14::float8 / 1000), $16, $17)` }, values));
  return { ...run, id, digest, requestedBy };
}
