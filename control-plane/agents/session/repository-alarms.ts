import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export type AlarmKind = 'token_reused' | 'order_refused' | 'policy_refused' | 'spool_forked' | 'spool_gap';

/** What people have to look at, of one agent. */
export interface NewAlarm {
  readonly agent_id: string;
  readonly kind: AlarmKind;
  /** The refusal, where the kind alone does not say it; else the kind. */
  readonly code: string;
}

/** More than there are codes of one kind. */
const MAX_CODES = 50;

const raise: Statement = {
  name: 'agents.raise_alarm',
  text: `
    -- An agent names its codes itself: past so many they are counted by their kind alone.
    INSERT INTO control.agent_alarms AS a (tenant_id, agent_id, kind, code, count)
    SELECT $1, $2, $3, CASE WHEN count(*) < $5::int OR bool_or(o.code = $4) THEN $4 ELSE $3 END, $6::int FROM control.agent_alarms o WHERE (o.tenant_id, o.agent_id, o.kind) = ($1, $2, $3)
    ON CONFLICT (tenant_id, agent_id, kind, code) DO UPDATE
       SET last_at = clock_timestamp(), cleared_at = NULL,
           raised_at = CASE WHEN a.cleared_at IS NULL THEN a.raised_at ELSE clock_timestamp() END,
           count = CASE WHEN a.cleared_at IS NULL THEN a.count ELSE 0 END + excluded.count
    RETURNING count`,
};

/** @returns how often it was raised since a person last looked: 1 for a new one */
export async function raiseAlarm(tx: Transaction, tenantId: string, { agent_id, kind, code }: NewAlarm, times = 1): Promise<number> {
  return (await tx.one<{ count: number }>(raise, [tenantId, agent_id, kind, code, MAX_CODES, times])).count;
}

const clear: Statement = {
  name: 'agents.clear_alarms',
  text: 'UPDATE control.agent_alarms SET cleared_at = clock_timestamp() WHERE tenant_id = $1 AND agent_id = $2 AND cleared_at IS NULL',
};

/** A person has resumed or revoked the agent, with a reason: what there was has been looked at. */
export async function clearAlarms(tx: Transaction, tenantId: string, agentId: string): Promise<void> {
  await tx.change(clear, [tenantId, agentId]);
}
