import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { sql } from './queries.ts';
import type { PlaceIds } from './queries.ts';

export interface PlantedAgent {
  readonly tenantId: string;
  readonly agentId: string;
  readonly poolId: string;
}

export async function seedPool(tx: Transaction, { tenantId, workspaceId, environmentId }: PlaceIds, pool: { readonly id: string; readonly name: string; readonly orderValidMs: number }): Promise<void> {
  await tx.change(sql('pool', `INSERT INTO control.agent_pools (tenant_id, id, workspace_id, environment_id, name, order_valid_ms, created_by) VALUES ($1, $2, $3, $4, $5, $6, 'prn_test')`), [tenantId, pool.id, workspaceId, environmentId, pool.name, pool.orderValidMs]);
}

/** Only agents of the pool reach it from now on. */
export async function placeInstance(tx: Transaction, { tenantId, instanceId }: PlaceIds, poolId: string): Promise<void> {
  await tx.change(sql('place', `UPDATE control.connector_instances SET pool_id = $3, base_url = NULL, allowed_hosts = '[]' WHERE tenant_id = $1 AND id = $2`), [tenantId, instanceId, poolId]);
}

/** As it is once it has enrolled and polled. */
export async function seedAgent(tx: Transaction, { tenantId, agentId, poolId }: PlantedAgent, agent: { readonly tokenId: string; readonly encryptionJwk: object; readonly epoch: string; readonly firstHash: string; readonly policyScope: string; readonly connections: ReadonlyArray<{ name: string; connector: string }> }): Promise<void> {
  await tx.change(sql('agent_token', `INSERT INTO control.agent_enrolment_tokens (tenant_id, id, pool_id, secret_sha256, created_by, expires_at, used_at, used_by_agent, uses) VALUES ($1, $2, $3, 'x', 'prn_test', clock_timestamp(), clock_timestamp(), $4, 1)`), [tenantId, agent.tokenId, poolId, agentId]);
  await tx.change(sql('agent', `INSERT INTO control.agents (tenant_id, id, pool_id, state, state_by, encryption_jwk, certificate_serial, certificate_expires_at, enrolled_by_token, agent_version, protocol, platform)
    VALUES ($1, $2, $3, 'active', 'prn_test', $4, 'aa', clock_timestamp() + interval '1 hour', $5, '0.1.0', 1, 'linux-x64')`), [tenantId, agentId, poolId, JSON.stringify(agent.encryptionJwk), agent.tokenId]);
  await tx.change(sql('agent_presence', `INSERT INTO control.agent_presence (tenant_id, agent_id, seen_at, agent_version, protocol, free, capacity, under_way, draining, labels, policy, connections, spool, clock_offset_ms, memory_bytes)
    VALUES ($1, $2, clock_timestamp(), '0.1.0', 1, 8, 8, 0, false, '{}', $3, $4, '{"state": "open"}', 0, 1)`),
  [tenantId, agentId, JSON.stringify([{ scope: agent.policyScope, seq: 1, digest: 'sha256:0', state: 'fresh', expires_at: null }]), JSON.stringify(agent.connections)]);
  await tx.change(sql('agent_spool', 'INSERT INTO control.agent_spools (tenant_id, agent_id, epoch, seq, hash) VALUES ($1, $2, $3, 0, $4)'), [tenantId, agentId, agent.epoch, agent.firstHash]);
}

/** As a poll leaves it, so long ago. */
export async function writeSeen(tx: Transaction, { tenantId, agentId }: PlantedAgent, msAgo: number): Promise<void> {
  await tx.change(sql('agent_seen', `UPDATE control.agent_presence SET seen_at = clock_timestamp() - $3::float8 * interval '1 millisecond' WHERE tenant_id = $1 AND agent_id = $2`), [tenantId, agentId, msAgo]);
}

export async function revokeAgent(tx: Transaction, { tenantId, agentId }: PlantedAgent): Promise<void> {
  await tx.change(sql('agent_revoke', `UPDATE control.agents SET state = 'revoked' WHERE tenant_id = $1 AND id = $2`), [tenantId, agentId]);
}

export function readQueued(tx: Transaction, { tenantId, agentId }: PlantedAgent): Promise<Array<{ id: string; envelope: string }>> {
  return tx.rows(sql('agent_queued', `SELECT id, envelope FROM execution.work_orders WHERE tenant_id = $1 AND agent_id = $2 AND state = 'queued' AND envelope IS NOT NULL AND begin_before > clock_timestamp() ORDER BY issued_at, id`), [tenantId, agentId]);
}

export async function writeEntries(tx: Transaction, { tenantId, agentId }: PlantedAgent, epoch: string, entries: ReadonlyArray<{ readonly entry: SpoolEntry; readonly sealed: Uint8Array }>): Promise<void> {
  await tx.change(sql('agent_entries', `
    INSERT INTO control.agent_entries (tenant_id, agent_id, epoch, seq, kind, occurred_at, clock_offset_ms, sealed, hash)
    SELECT $1, $2, $3, n.* FROM unnest($4::bigint[], $5::text[], $6::timestamptz[], $7::bigint[], $8::bytea[], $9::text[]) n`),
  [tenantId, agentId, epoch, ...(['seq', 'kind', 'occurred_at', 'clock_offset_ms'] as const).map((name) => entries.map(({ entry }) => entry[name])), entries.map(({ sealed }) => Buffer.from(sealed)), entries.map(({ entry }) => entry.hash)]);
  const last = entries.at(-1)!.entry;
  await tx.change(sql('agent_head', 'UPDATE control.agent_spools SET seq = $4, hash = $5 WHERE tenant_id = $1 AND agent_id = $2 AND epoch = $3'), [tenantId, agentId, epoch, last.seq, last.hash]);
}

export interface OrderRow {
  readonly id: string;
  readonly agent_id: string;
  readonly kind: string;
  readonly state: string;
  readonly call_id: string | null;
  readonly refusal: string | null;
  readonly envelope: string | null;
  readonly outcome_sealed: Buffer | null;
  readonly issued_at: Date;
  readonly begin_before: Date;
  readonly intended_at: Date | null;
}

export function readOrders(tx: Transaction, tenantId: string): Promise<OrderRow[]> {
  return tx.rows<OrderRow>(sql('agent_orders', `
    SELECT o.*, c.intended_at FROM execution.work_orders o LEFT JOIN execution.tool_calls c ON c.tenant_id = o.tenant_id AND c.id = o.call_id
     WHERE o.tenant_id = $1 ORDER BY o.issued_at, o.id`), [tenantId]);
}

/** What the audit says of agents, in its order. */
export function readAgentEvents(tx: Transaction, tenantId: string): Promise<Array<{ type: string; run_id: string | null; actor: { kind: string; id: string }; at: string; data: Record<string, unknown> }>> {
  return tx.rows(sql('agent_events', `
    SELECT body->>'type' AS type, body->>'run_id' AS run_id, body->'actor' AS actor, body->>'at' AS at, body->'data' AS data
      FROM (SELECT pending_no, body::jsonb AS body FROM audit.events WHERE tenant_id = $1 AND type LIKE 'agent.%') e ORDER BY pending_no`), [tenantId]);
}
