import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Notifier } from '../live/notifier.ts';
import { settleClocks } from './clocks.ts';
import { advanceStages } from './queries.ts';
import type { StageRow } from './queries.ts';

/**
 * Carries released switches through their stages, one after the other and each for its time. A stage begins by a write of its own, so a cell
 * that was down goes on where it was and lets nobody go earlier. Gives whether anything changed.
 */
export async function keepUpRecovery(tenantId: string, { database, clock, notifier }: { readonly database: Database; readonly clock: Clock; readonly notifier: Notifier }): Promise<boolean> {
  const { stages, clocks } = await database.forTenant(tenantId, async (tx) => {
    const stages = await tx.rows<StageRow>(advanceStages, [tenantId]);
    for (const { id, scope, target_id, released_in, recovery_stage, share } of stages) {
      await appendAudit(tx, {
        at: clock.now(), type: recovery_stage === null ? 'kill_switch.recovered' : 'kill_switch.stage_began', tenant_id: tenantId, workspace_id: released_in, run_id: null,
        actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'kill_switch', id },
        data: { scope, target_id, ...(recovery_stage === null ? { why: 'last_stage_over' } : { stage: recovery_stage, share: String(share) }) },
      });
    }
    return { stages, clocks: await settleClocks(tx, tenantId) };
  });
  for (const { id, scope, released_in, recovery_stage } of stages) {
    notifier.changed({ tenant_id: tenantId, workspace_id: scope === 'tenant' ? null : released_in, kind: 'kill_switch', id, state: recovery_stage === null ? 'recovered' : 'recovering' });
  }
  for (const { id, workspace_id, state } of clocks) notifier.changed({ tenant_id: tenantId, workspace_id, kind: 'approval', id, state });
  return stages.length + clocks.length > 0;
}
