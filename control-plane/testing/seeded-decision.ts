import type { Obligations, Outcome, PolicyInput, Reason, ShadowDecision } from '@countersign/contracts/policy/decision.ts';
import { canonicalBytes, digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { ControlPlaneUnderTest, TestTenant } from './control-plane-under-test.ts';
import { policyInput } from './policy-input.ts';
import { seedRun } from './seeded-run.ts';
import type { SeededRun } from './seeded-run.ts';

export interface DecisionToSeed {
  readonly tenant?: TestTenant;
  readonly run?: SeededRun;
  readonly input?: Partial<PolicyInput>;
  /** Kept unless it says otherwise. */
  readonly inputState?: 'kept' | 'shredded' | 'none';
  readonly outcome?: Outcome;
  readonly reasons?: readonly Reason[];
  readonly obligations?: Obligations;
  readonly shadows?: readonly ShadowDecision[];
  readonly bundle?: { readonly revision: string; readonly seq: number; readonly digest: string };
  readonly decidedAt?: Date;
}

export interface SeededDecision extends SeededRun {
  readonly id: string;
  readonly input: PolicyInput;
}

/** A row of the decision log as the worker writes it: masked for good, whole under seal. It is a minute old, so that exports have it. */
export async function seedDecision(plane: ControlPlaneUnderTest, seed: DecisionToSeed = {}): Promise<SeededDecision> {
  const tenant = seed.tenant ?? plane.tenant;
  const { tenantId, workspaceId, environmentId } = tenant;
  const run = seed.run ?? await seedRun(plane, tenant);
  const id = newId('decision');
  const base = policyInput(tenant);
  const input = policyInput(tenant, { run: { ...base.run, id: run.runId }, step: { ...base.step, id: run.stepId }, ...seed.input });
  const { parameters: _erased, ...masked } = input;
  const state = seed.inputState ?? 'kept';
  const sealed = state === 'kept' ? await plane.keys.seal(tenantId, 'content', id, canonicalBytes(input)) : null;
  const outcome = seed.outcome ?? 'REQUIRE_HITL';
  const reasons = seed.reasons ?? [{ rule: 'itsm/write_needs_approval', message: 'A person must approve this write' }];
  const obligations = seed.obligations ?? (outcome === 'REQUIRE_HITL' ? { tier: 'standard', required_role: 'approver', required_votes: 1, deadline_ms: 86_400_000 } : {});
  const shadows = seed.shadows ?? [];
  await plane.database.execution.forTenant(tenantId, (tx) => tx.change({ name: 'seed.decision', text: `
    INSERT INTO execution.decisions (tenant_id, id, run_id, step_id, call_key, action, instance_id, action_digest, outcome, reasons, obligations, bundle_revision, bundle_seq, bundle_digest,
      bundle_age_ms, input_digest, evaluated_us, workspace_id, environment_id, workflow, principal_id, path, masked_input, erased, input_sealed, input_shredded_at, shadows, differs, decided_at)
    VALUES ($1, $2, $3, $4, 'call', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 42, $16, $17, $18, $19, 'countersign/decision', $20, $21, $22, $23, $24, $25, coalesce($26, clock_timestamp() - interval '1 minute'))` }, [
    tenantId, id, run.runId, run.stepId, `${input.action.connector}/${input.action.name}`, input.instance.id, input.action.digest, outcome, JSON.stringify(reasons), JSON.stringify(obligations),
    seed.bundle?.revision ?? null, seed.bundle?.seq ?? null, seed.bundle?.digest ?? null, seed.bundle === undefined ? null : 1_000, digestOf(input), workspaceId, environmentId, input.run.workflow,
    input.principal.id, JSON.stringify(masked), ['/input/parameters'], sealed, state === 'shredded' ? new Date() : null, JSON.stringify(shadows), shadows.some((shadow) => shadow.differs), seed.decidedAt ?? null,
  ]));
  return { ...run, id, input };
}
