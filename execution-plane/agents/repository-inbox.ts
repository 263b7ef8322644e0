import type { CallBody, EntryKind } from '@countersign/contracts/agent/spool-entry.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { cells, columnsOf, namesOf, recordset } from '@countersign/platform/postgres/recordset.ts';
import type { Column } from '@countersign/platform/postgres/recordset.ts';

const behind: Statement = {
  name: 'agent_inbox.behind',
  text: `
    SELECT DISTINCT s.tenant_id, s.agent_id FROM control.agent_spools s
      LEFT JOIN execution.agent_cursors c ON c.tenant_id = s.tenant_id AND c.agent_id = s.agent_id AND c.epoch = s.epoch
     WHERE s.seq > coalesce(c.applied_seq, 0) LIMIT 100`,
};

/** Agents that have delivered what has not been made true yet. */
export function findBehind(tx: Transaction): Promise<Array<{ readonly tenant_id: string; readonly agent_id: string }>> {
  return tx.rows(behind);
}

const beginCursors: Statement = {
  name: 'agent_inbox.begin_cursors',
  text: `
    INSERT INTO execution.agent_cursors (tenant_id, agent_id, epoch)
    SELECT tenant_id, agent_id, epoch FROM control.agent_spools WHERE tenant_id = $1 AND agent_id = $2
    ON CONFLICT DO NOTHING`,
};

const lockCursor: Statement = {
  name: 'agent_inbox.lock_cursor',
  text: `
    SELECT c.epoch, c.applied_seq::float8 AS applied_seq, p.id AS pool_id, p.name AS pool, p.workspace_id
      FROM execution.agent_cursors c
      JOIN control.agent_spools s ON s.tenant_id = c.tenant_id AND s.agent_id = c.agent_id AND s.epoch = c.epoch
      JOIN control.agents a ON a.tenant_id = c.tenant_id AND a.id = c.agent_id
      JOIN control.agent_pools p ON p.tenant_id = a.tenant_id AND p.id = a.pool_id
     WHERE c.tenant_id = $1 AND c.agent_id = $2 AND s.seq > c.applied_seq
     ORDER BY c.epoch LIMIT 1 FOR UPDATE OF c`,
};

export interface InboxCursor {
  readonly epoch: string;
  readonly applied_seq: number;
  readonly pool_id: string;
  readonly pool: string;
  readonly workspace_id: string;
}

/** Where to go on with what the agent has delivered, nobody else's until the transaction ends; undefined: all of it is made true. */
export async function lockInbox(tx: Transaction, tenantId: string, agentId: string): Promise<InboxCursor | undefined> {
  await tx.change(beginCursors, [tenantId, agentId]);
  return tx.maybeOne<InboxCursor>(lockCursor, [tenantId, agentId]);
}

const nextEntries: Statement = {
  name: 'agent_inbox.next_entries',
  text: `
    WITH next AS (
      SELECT seq, kind, occurred_at, clock_offset_ms, received_at, sealed FROM control.agent_entries
       WHERE tenant_id = $1 AND agent_id = $2 AND epoch = $3 AND seq > $4 ORDER BY seq LIMIT $5
    ), summed AS (SELECT *, sum(octet_length(sealed)) OVER (ORDER BY seq) AS bytes, row_number() OVER (ORDER BY seq) AS place FROM next)
    SELECT seq::float8 AS seq, kind, occurred_at, clock_offset_ms::float8 AS clock_offset_ms, received_at, sealed FROM summed WHERE bytes <= $6 OR place = 1 ORDER BY seq`,
};

export interface EntryRow {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly occurred_at: Date;
  readonly clock_offset_ms: number;
  readonly received_at: Date;
  readonly sealed: Buffer | null;
}

/** The next ones, at least one where there is one. */
export function readEntries(tx: Transaction, tenantId: string, agentId: string, { epoch, applied_seq }: InboxCursor, most: { readonly count: number; readonly bytes: number }): Promise<EntryRow[]> {
  return tx.rows<EntryRow>(nextEntries, [tenantId, agentId, epoch, applied_seq, most.count, most.bytes]);
}

const moveCursor: Statement = {
  name: 'agent_inbox.move_cursor',
  text: 'UPDATE execution.agent_cursors SET applied_seq = $4 WHERE tenant_id = $1 AND agent_id = $2 AND epoch = $3',
};

export async function moveInbox(tx: Transaction, tenantId: string, agentId: string, epoch: string, appliedSeq: number): Promise<void> {
  await tx.change(moveCursor, [tenantId, agentId, epoch, appliedSeq]);
}

const namedOrders: Statement = {
  name: 'agent_inbox.named_orders',
  text: `
    SELECT id, kind, state, run_id, step_id, call_id, instance_id, encode(sha256(convert_to(envelope, 'UTF8')), 'hex') AS envelope_sha256
      FROM execution.work_orders WHERE tenant_id = $1 AND agent_id = $2 AND id = ANY ($3::text[])
       FOR NO KEY UPDATE`,
};

export interface NamedOrder {
  readonly id: string;
  readonly kind: 'prepare' | 'execute' | 'reconcile' | 'watch';
  readonly state: 'queued' | 'received' | 'ended' | 'refused' | 'expired';
  readonly run_id: string | null;
  readonly step_id: string | null;
  readonly call_id: string | null;
  readonly instance_id: string;
  readonly envelope_sha256: string | null;
}

/** Only those that were given to this agent: what it says of another's is not believed. */
export async function readNamedOrders(tx: Transaction, tenantId: string, agentId: string, ids: readonly string[]): Promise<ReadonlyMap<string, NamedOrder>> {
  const rows = ids.length === 0 ? [] : await tx.rows<NamedOrder>(namedOrders, [tenantId, agentId, ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/** How an order has come to stand. */
export interface OrderMove {
  readonly id: string;
  readonly state: 'received' | 'ended' | 'refused';
  readonly refusal: string | null;
  readonly outcomeSealed: Uint8Array | null;
}

const MOVE_COLUMNS: ReadonlyArray<Column<OrderMove>> = [
  { name: 'id', type: 'text', of: (move) => move.id },
  { name: 'state', type: 'text', of: (move) => move.state },
  { name: 'refusal', type: 'text', of: (move) => move.refusal },
  { name: 'outcome_sealed', type: 'bytea', of: (move) => move.outcomeSealed },
];

const moveOrders: Statement = {
  name: 'agent_inbox.move_orders',
  text: `
    UPDATE execution.work_orders o
       SET state = m.state, refusal = m.refusal, outcome_sealed = m.outcome_sealed, ended_at = CASE WHEN m.state = 'received' THEN NULL ELSE clock_timestamp() END
      FROM ${recordset('m', MOVE_COLUMNS, 2)}
     WHERE o.tenant_id = $1 AND o.id = m.id`,
};

export async function writeOrderMoves(tx: Transaction, tenantId: string, moves: readonly OrderMove[]): Promise<void> {
  if (moves.length > 0) await tx.change(moveOrders, [tenantId, ...columnsOf(MOVE_COLUMNS, moves)]);
}

/** A decision of an agent's own policy. */
export interface AgentCall {
  readonly seq: number;
  readonly occurredAt: string;
  readonly order: Pick<NamedOrder, 'run_id' | 'step_id'>;
  readonly body: CallBody;
}

const CALL_COLUMNS: ReadonlyArray<Column<AgentCall>> = [
  { name: 'seq', type: 'bigint', of: ({ seq }) => String(seq) },
  { name: 'order_id', type: 'text', of: ({ body }) => body.order_id },
  { name: 'run_id', type: 'text', of: ({ order }) => order.run_id },
  { name: 'step_id', type: 'text', of: ({ order }) => order.step_id },
  { name: 'call_key', type: 'text', of: ({ body }) => body.call_key },
  { name: 'action', type: 'text', of: ({ body }) => body.action },
  { name: 'action_digest', type: 'text', of: ({ body }) => body.action_digest },
  { name: 'outcome', type: 'text', of: ({ body }) => body.outcome },
  { name: 'bundle', type: 'jsonb', of: ({ body }) => (body.bundle === null ? null : JSON.stringify(body.bundle)) },
  { name: 'rules', type: 'jsonb', of: ({ body }) => JSON.stringify(body.rules) },
  { name: 'occurred_at', type: 'timestamptz', of: ({ occurredAt }) => occurredAt },
];

const insertCalls: Statement = {
  name: 'agent_inbox.insert_calls',
  text: `
    INSERT INTO execution.agent_calls (tenant_id, agent_id, epoch, ${namesOf(CALL_COLUMNS)})
    SELECT $1, $2, $3, ${cells('c', CALL_COLUMNS)} FROM ${recordset('c', CALL_COLUMNS, 4)}`,
};

export async function writeAgentCalls(tx: Transaction, tenantId: string, agentId: string, epoch: string, calls: readonly AgentCall[]): Promise<void> {
  if (calls.length > 0) await tx.change(insertCalls, [tenantId, agentId, epoch, ...columnsOf(CALL_COLUMNS, calls)]);
}
