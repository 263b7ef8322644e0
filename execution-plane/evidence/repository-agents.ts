import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const orders: Statement = {
  name: 'evidence.agent_orders',
  text: `
    SELECT o.id, o.agent_id, o.pool_id, o.kind, o.step_id, o.call_key, o.call_id, o.fence::text AS fence, o.instance_id, o.state, o.refusal, o.issued_at, o.begin_before, o.ended_at
      FROM execution.work_orders o WHERE o.run_id = $1 ORDER BY o.issued_at, o.id`,
};

const decisions: Statement = {
  name: 'evidence.agent_decisions',
  text: `
    SELECT agent_id, epoch, seq::float8 AS spool_seq, order_id, call_key, action, action_digest, outcome, bundle, rules, occurred_at
      FROM execution.agent_calls WHERE run_id = $1 ORDER BY occurred_at, agent_id, epoch, seq`,
};

export interface AgentOrderRow {
  readonly id: string;
  readonly agent_id: string;
  readonly call_id: string | null;
  readonly [column: string]: unknown;
}

/** What agents were given to do for a run, and what each decided by its own policy before it did it. Empty where the cell reached everything itself. */
export interface AgentRecord {
  readonly orders: readonly AgentOrderRow[];
  readonly decisions: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

export async function readAgentRecord(tx: Transaction, runId: string): Promise<AgentRecord> {
  return { orders: await tx.rows<AgentOrderRow>(orders, [runId]), decisions: await tx.rows(decisions, [runId]) };
}
