import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AdmittedAgent } from '../../listener/admitted-agent.ts';

type Place = Pick<AdmittedAgent, 'tenantId' | 'workspaceId' | 'environmentId'>;

const insertPool: Statement = {
  name: 'test.insert_pool',
  text: 'INSERT INTO control.agent_pools (tenant_id, id, workspace_id, environment_id, name, created_by) VALUES ($1, $2, $3, $4, $5, $6)',
};

export async function seedPool(tx: Transaction, { tenantId, workspaceId, environmentId }: Place, name = 'fra'): Promise<string> {
  const id = newId('agent_pool');
  await tx.change(insertPool, [tenantId, id, workspaceId, environmentId, name, newId('principal')]);
  return id;
}

const insertToken: Statement = {
  name: 'test.insert_token',
  text: `INSERT INTO control.agent_enrolment_tokens (tenant_id, id, pool_id, secret_sha256, created_by, expires_at) VALUES ($1, $2, $3, 'x', $4, clock_timestamp())`,
};

const insertAgent: Statement = {
  name: 'test.insert_agent',
  text: `INSERT INTO control.agents (tenant_id, id, pool_id, state, state_by, encryption_jwk, certificate_serial, certificate_expires_at, enrolled_by_token, agent_version, protocol, platform)
         VALUES ($1, $2, $3, 'active', $4, '{}', '01', clock_timestamp() + interval '1 hour', $4, '0.3.0', 1, 'linux-x64')`,
};

/** An agent as enrolment leaves one. */
export async function seedAgent(tx: Transaction, { tenantId, poolId }: Pick<AdmittedAgent, 'tenantId' | 'poolId'>): Promise<string> {
  const [agentId, tokenId] = [newId('agent'), newId('enrolment_token')];
  await tx.change(insertToken, [tenantId, tokenId, poolId, newId('principal')]);
  await tx.change(insertAgent, [tenantId, agentId, poolId, tokenId]);
  return agentId;
}

const insertOrder: Statement = {
  name: 'test.insert_order',
  text: `INSERT INTO execution.work_orders (tenant_id, id, agent_id, pool_id, kind, instance_id, state, envelope, issued_at, begin_before)
         VALUES ($1, $2, $3, $4, 'execute', $5, 'queued', $6, clock_timestamp(), clock_timestamp() + make_interval(secs => $7))`,
};

/** An order as a worker leaves one; what it says is not looked at here. */
export async function seedOrder(tx: Transaction, { tenantId, agentId, poolId }: AdmittedAgent, { valid_s = 60, payload = 'e30=' } = {}): Promise<string> {
  const id = newId('work_order');
  const envelope = JSON.stringify({ payload, payloadType: 'application/vnd.countersign.work-order.v1+json', signatures: [{ keyid: id, sig: 'AA==' }] });
  await tx.change(insertOrder, [tenantId, id, agentId, poolId, newId('connector_instance'), envelope, valid_s]);
  return id;
}

export const heldEntries: Statement = {
  name: 'test.held_entries',
  text: 'SELECT seq::float8 AS seq, kind, hash, epoch, sealed, occurred_at, clock_offset_ms::float8 AS clock_offset_ms FROM control.agent_entries WHERE tenant_id = $1 AND agent_id = $2 ORDER BY seq',
};

export const receipts: Statement = { name: 'test.receipts', text: 'SELECT order_id FROM control.agent_receipts WHERE tenant_id = $1 AND agent_id = $2 ORDER BY order_id' };

/** `$3`: in hours. */
export const receivedBefore: Statement = { name: 'test.received_before', text: 'UPDATE control.agent_receipts SET received_at = now() - make_interval(hours => $3) WHERE tenant_id = $1 AND order_id = $2' };

export const presence: Statement = { name: 'test.presence', text: 'SELECT lost_at, free, capacity, labels, spool, agent_version FROM control.agent_presence WHERE tenant_id = $1 AND agent_id = $2' };

export const notSeenFor: Statement = { name: 'test.not_seen_for', text: 'UPDATE control.agent_presence SET seen_at = clock_timestamp() - make_interval(secs => $3) WHERE tenant_id = $1 AND agent_id = $2' };

export const setState: Statement = { name: 'test.set_state', text: 'UPDATE control.agents SET state = $3 WHERE tenant_id = $1 AND id = $2' };

export const openAlarms: Statement = { name: 'test.open_alarms', text: 'SELECT kind, code, count FROM control.agent_alarms WHERE tenant_id = $1 AND agent_id = $2 AND cleared_at IS NULL ORDER BY kind, code' };

export const eventsOf: Statement = { name: 'test.events_of', text: `SELECT type, body::jsonb->'data' AS data FROM audit.events WHERE tenant_id = $1 AND body::jsonb->'subject'->>'id' = $2 ORDER BY pending_no` };
