import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Candidate } from './choose-agent.ts';

const candidates: Statement = {
  name: 'agents.candidates',
  text: `
    SELECT a.id AS agent_id, a.encryption_jwk, extract(epoch FROM clock_timestamp() - p.seen_at)::float8 * 1000 AS seen_ms_ago, p.protocol, p.draining, p.capacity,
           p.spool->>'state' AS spool_state, p.policy, p.connections,
           (SELECT count(*)::int FROM execution.work_orders o
             WHERE o.tenant_id = a.tenant_id AND o.agent_id = a.id AND o.state IN ('queued', 'received') AND o.kind <> 'watch'
               -- what was never heard of again holds no place for long
               AND o.begin_before > clock_timestamp() - interval '1 minute') AS open_orders
      FROM control.agents a JOIN control.agent_presence p ON p.tenant_id = a.tenant_id AND p.agent_id = a.id
     WHERE a.tenant_id = $1 AND a.pool_id = $2 AND a.state = 'active'
     ORDER BY a.id`,
};

export function readCandidates(tx: Transaction, tenantId: string, poolId: string): Promise<Candidate[]> {
  return tx.rows<Candidate>(candidates, [tenantId, poolId]);
}

const waitedFor: Statement = {
  name: 'agents.waited_for',
  text: `
    SELECT o.id, o.state, o.refusal, o.outcome_sealed, a.state = 'revoked' AS revoked, coalesce(extract(epoch FROM clock_timestamp() - p.seen_at)::float8 * 1000, 'Infinity') AS seen_ms_ago
      FROM execution.work_orders o
      JOIN control.agents a ON a.tenant_id = o.tenant_id AND a.id = o.agent_id
      LEFT JOIN control.agent_presence p ON p.tenant_id = o.tenant_id AND p.agent_id = o.agent_id
     WHERE o.id = ANY ($1::text[])`,
};

export interface WaitedFor {
  readonly id: string;
  readonly state: 'queued' | 'received' | 'ended' | 'refused' | 'expired';
  readonly refusal: string | null;
  readonly outcome_sealed: Buffer | null;
  readonly revoked: boolean;
  readonly seen_ms_ago: number;
}

/** How orders stand that somebody here waits for, and whether their agents are there. */
export function readWaitedFor(tx: Transaction, orderIds: readonly string[]): Promise<WaitedFor[]> {
  return tx.rows<WaitedFor>(waitedFor, [orderIds]);
}
