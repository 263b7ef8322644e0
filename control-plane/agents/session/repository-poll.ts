import type { AgentKillSwitch, PollRequest } from '@countersign/contracts/agent/protocol.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';

const seen: Statement = {
  name: 'agents.seen',
  text: `
    WITH before AS (SELECT lost_at FROM control.agent_presence WHERE tenant_id = $1 AND agent_id = $2 FOR UPDATE)
    INSERT INTO control.agent_presence AS p (tenant_id, agent_id, seen_at, agent_version, protocol, free, capacity, under_way, draining, labels, policy, connections, spool, clock_offset_ms, memory_bytes)
    VALUES ($1, $2, clock_timestamp(), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, round(extract(epoch FROM clock_timestamp() - $13::timestamptz) * 1000), $14)
    ON CONFLICT (tenant_id, agent_id) DO UPDATE
       SET seen_at = EXCLUDED.seen_at, lost_at = NULL, agent_version = EXCLUDED.agent_version, protocol = EXCLUDED.protocol, free = EXCLUDED.free, capacity = EXCLUDED.capacity,
           under_way = EXCLUDED.under_way, draining = EXCLUDED.draining, labels = EXCLUDED.labels, policy = EXCLUDED.policy, connections = EXCLUDED.connections, spool = EXCLUDED.spool,
           clock_offset_ms = EXCLUDED.clock_offset_ms, memory_bytes = EXCLUDED.memory_bytes
    RETURNING (SELECT count(*) FROM before)::int AS known, (SELECT lost_at FROM before) AS lost_at`,
};

const rememberVersion: Statement = {
  name: 'agents.remember_version',
  text: 'UPDATE control.agents SET agent_version = $3, protocol = $4 WHERE tenant_id = $1 AND id = $2 AND (agent_version, protocol) IS DISTINCT FROM ($3, $4)',
};

/** Writes how the agent says that it is. @returns since when it had been told of as lost; undefined: this is the first that is heard of it */
export async function writePresence(tx: Transaction, { tenantId, agentId }: AdmittedAgent, said: PollRequest): Promise<{ readonly lost_at: Date | null } | undefined> {
  const { known, lost_at } = await tx.one<{ known: number; lost_at: Date | null }>(seen, [
    tenantId, agentId, said.version, said.protocol, said.free, said.capacity, said.under_way.length, said.draining, JSON.stringify(said.labels), JSON.stringify(said.policy),
    JSON.stringify(said.connections), JSON.stringify(said.spool), said.clock, said.memory_bytes,
  ]);
  await tx.change(rememberVersion, [tenantId, agentId, said.version, said.protocol]);
  return known === 0 ? undefined : { lost_at };
}

/** Only of orders that are this agent's. */
const receive: Statement = {
  name: 'agents.receive',
  text: `
    INSERT INTO control.agent_receipts (tenant_id, order_id, agent_id)
    SELECT o.tenant_id, o.id, o.agent_id FROM execution.work_orders o WHERE o.tenant_id = $1 AND o.agent_id = $2 AND o.id = ANY ($3::text[])
    ON CONFLICT DO NOTHING`,
};

export async function writeReceipts(tx: Transaction, tenantId: string, agentId: string, orderIds: readonly string[]): Promise<void> {
  if (orderIds.length > 0) await tx.change(receive, [tenantId, agentId, orderIds]);
}

export interface OfferedOrder {
  readonly id: string;
  /** The signed envelope's JSON, as the worker wrote it. */
  readonly envelope: string;
}

const offers: Statement = {
  name: 'agents.offers',
  text: `
    WITH waiting AS (
      SELECT o.id, o.issued_at, o.envelope, row_number() OVER oldest AS place, sum(octet_length(o.envelope)) OVER oldest AS bytes
        FROM execution.work_orders o
       WHERE o.tenant_id = $1 AND o.agent_id = $2 AND o.state = 'queued' AND o.envelope IS NOT NULL AND o.begin_before > clock_timestamp()
         AND NOT EXISTS (SELECT FROM control.agent_receipts r WHERE (r.tenant_id, r.order_id) = (o.tenant_id, o.id))
      WINDOW oldest AS (ORDER BY o.issued_at, o.id))
    SELECT id, envelope FROM waiting WHERE place <= $3 AND (bytes <= $4 OR place = 1) ORDER BY issued_at, id`,
};

/** Orders of which the agent has not said that they are on its disk, the oldest first: as many as it takes, and no more bytes than fit into an answer. */
export function readOffers(tx: Transaction, tenantId: string, agentId: string, free: number, max_bytes: number): Promise<OfferedOrder[]> {
  return free === 0 ? Promise.resolve([]) : tx.rows<OfferedOrder>(offers, [tenantId, agentId, free, max_bytes]);
}

export interface AgentSituation {
  readonly state: 'active' | 'draining' | 'revoked';
  readonly kill_switches: AgentKillSwitch[];
}

/** One that is being let go in stages stops some runs and not others: the worker judges that before it signs an order. */
const situation: Statement = {
  name: 'agents.situation',
  text: `
    SELECT a.state,
           coalesce((SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', k.id, 'scope', k.scope, 'reason', k.reason, 'workflow', f.name)) ORDER BY k.set_at, k.id)
                       FROM control.kill_switches k LEFT JOIN control.workflows f ON k.scope = 'workflow' AND (f.tenant_id, f.id) = (k.tenant_id, k.target_id)
                      WHERE k.tenant_id = a.tenant_id AND k.recovered_at IS NULL AND k.share IS NULL
                        AND (k.scope NOT IN ('workspace', 'environment', 'workflow') OR k.target_id IN ($3, $4) OR f.workspace_id = $3)), '[]') AS kill_switches
      FROM control.agents a WHERE a.tenant_id = $1 AND a.id = $2`,
};

export function readSituation(tx: Transaction, { tenantId, agentId, workspaceId, environmentId }: AdmittedAgent): Promise<AgentSituation> {
  return tx.one<AgentSituation>(situation, [tenantId, agentId, workspaceId, environmentId]);
}
