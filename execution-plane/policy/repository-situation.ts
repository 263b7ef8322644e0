import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { ActiveKillSwitch, Autonomy } from '@countersign/contracts/policy/decision.ts';
import { DEFAULT_AUTONOMY } from '@countersign/contracts/workflow/definition.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { recoveryPlace } from './recovery-place.ts';

/** An active kill switch with what it stops. */
export interface TargetedKillSwitch extends ActiveKillSwitch {
  readonly target_id: string;
  /** Of the workflow that it stops, which calls know by its name. */
  readonly workflow: string | null;
  readonly workspace_id: string | null;
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
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', k.id, 'scope', k.scope, 'reason', k.reason, 'target_id', k.target_id, 'workflow', w.name, 'workspace_id', w.workspace_id, 'share', k.share) ORDER BY k.set_at, k.id)
                       FROM control.kill_switches k
                       LEFT JOIN control.workflows w ON k.scope = 'workflow' AND w.tenant_id = k.tenant_id AND w.id = k.target_id
                      WHERE k.tenant_id = t.tenant_id AND k.recovered_at IS NULL), '[]') AS kill_switches
      FROM control.tenants t WHERE t.tenant_id = $1`,
};

export function readTenantSituation(tx: Transaction, tenantId: string): Promise<TenantSituation> {
  return tx.one<TenantSituation>(tenantSituation, [tenantId]);
}

/** Whether the switch stops this call. One of a kind that this version does not know stops everything: it was set to stop something. */
export function concerns(one: TargetedKillSwitch, call: CallIdentity): boolean {
  return isAimedAt(one, call) && (one.share === null || recoveryPlace(call.run.id) >= one.share);
}

function isAimedAt(one: TargetedKillSwitch, call: CallIdentity): boolean {
  switch (one.scope) {
    case 'workspace': return one.target_id === call.workspace.id;
    case 'environment': return one.target_id === call.environment.id;
    case 'workflow': return one.workflow === call.run.workflow && one.workspace_id === call.workspace.id;
    default: return true;
  }
}

const autonomy: Statement = { name: 'policy.autonomy', text: `SELECT definition->>'autonomy' AS autonomy FROM execution.runs WHERE tenant_id = $1 AND id = $2` };

/** How far the version that the run is pinned to may go by itself. */
export async function readAutonomy(tx: Transaction, call: CallIdentity): Promise<Autonomy> {
  return (await tx.one<{ autonomy: Autonomy | null }>(autonomy, [call.tenant.id, call.run.id])).autonomy ?? DEFAULT_AUTONOMY;
}
