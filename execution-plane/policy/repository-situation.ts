import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { ActiveKillSwitch, Autonomy } from '@countersign/contracts/policy/decision.ts';
import { DEFAULT_AUTONOMY } from '@countersign/contracts/workflow/definition.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { recoveryPlace } from './recovery-place.ts';

/** An active kill switch with what it stops. */
export interface TargetedKillSwitch extends ActiveKillSwitch {
  readonly target_id: string;
  /** The part of the runs that it lets go on again; null while it is set. */
  readonly share: number | null;
}

export interface TenantSituation {
  readonly time_zone: string;
  readonly kill_switches: readonly TargetedKillSwitch[];
}

const tenantSituation: Statement = {
  name: 'policy.tenant_situation',
  text: `
    SELECT t.time_zone,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', k.id, 'scope', k.scope, 'reason', k.reason, 'target_id', k.target_id, 'share', k.share) ORDER BY k.set_at, k.id)
                       FROM control.kill_switches k
                      WHERE k.tenant_id = t.tenant_id AND k.recovered_at IS NULL), '[]') AS kill_switches
      FROM control.tenants t WHERE t.tenant_id = $1`,
};

export function readTenantSituation(tx: Transaction, tenantId: string): Promise<TenantSituation> {
  return tx.one<TenantSituation>(tenantSituation, [tenantId]);
}

/**
 * Whether the switch stops this call. One of a kind that this version does not know stops everything: it was set to stop something.
 *
 * @param workflows ids of the workflow of the call's run, and of those whose runs started it
 */
export function concerns(one: TargetedKillSwitch, call: CallIdentity, workflows: readonly string[]): boolean {
  return isAimedAt(one, call, workflows) && (one.share === null || recoveryPlace(call.run.id) >= one.share);
}

function isAimedAt(one: TargetedKillSwitch, call: CallIdentity, workflows: readonly string[]): boolean {
  switch (one.scope) {
    case 'workspace': return one.target_id === call.workspace.id;
    case 'environment': return one.target_id === call.environment.id;
    // A run that is not known belongs to no workflow that could be told apart.
    case 'workflow': return workflows.length === 0 || workflows.includes(one.target_id);
    default: return true;
  }
}

const workflowsOf: Statement = {
  name: 'policy.workflows_of_run',
  text: `
    WITH RECURSIVE up AS (
      SELECT workflow_id, parent_run_id FROM execution.runs WHERE tenant_id = $1 AND id = $2
      UNION ALL
      SELECT r.workflow_id, r.parent_run_id FROM up JOIN execution.runs r ON r.tenant_id = $1 AND r.id = up.parent_run_id)
    SELECT workflow_id FROM up`,
};

/** The workflow of the call's run first, then those of the runs that started it, upwards. */
export async function readWorkflows(tx: Transaction, call: CallIdentity): Promise<string[]> {
  return (await tx.rows<{ workflow_id: string }>(workflowsOf, [call.tenant.id, call.run.id])).map((row) => row.workflow_id);
}

const autonomy: Statement = { name: 'policy.autonomy', text: `SELECT definition->>'autonomy' AS autonomy FROM execution.runs WHERE tenant_id = $1 AND id = $2` };

/** How far the version that the run is pinned to may go by itself. */
export async function readAutonomy(tx: Transaction, call: CallIdentity): Promise<Autonomy> {
  return (await tx.one<{ autonomy: Autonomy | null }>(autonomy, [call.tenant.id, call.run.id])).autonomy ?? DEFAULT_AUTONOMY;
}
