import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface SinkRow {
  readonly id: string;
  readonly name: string;
  readonly kind: 'webhook' | 's3';
  readonly format: 'ocsf' | 'cef' | 'native';
  readonly endpoint: string;
  readonly types: readonly string[] | null;
  readonly shows_sensitive: boolean;
  readonly enabled: boolean;
  readonly failing_since: Date | null;
  readonly version: number;
  readonly created_at: Date;
  readonly positions: ReadonlyArray<{ readonly chain: string; readonly delivered: number; readonly head: number; readonly last_error: string | null }>;
}

const listing: Statement = {
  name: 'audit.list_sinks',
  text: `
    SELECT s.id, s.name, s.kind, s.format, s.endpoint, s.types, s.shows_sensitive, s.enabled, s.failing_since, s.version, s.created_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object('chain', h.chain, 'delivered', coalesce(p.delivered_seq, 0), 'head', h.seq, 'last_error', p.last_error) ORDER BY h.chain)
                       FROM audit.chain_heads h LEFT JOIN audit.sink_positions p ON (p.tenant_id, p.sink_id, p.chain) = (s.tenant_id, s.id, h.chain) WHERE h.tenant_id = s.tenant_id), '[]') AS positions
      FROM control.audit_sinks s WHERE s.tenant_id = $1 AND s.removed_at IS NULL AND ($2::text IS NULL OR s.id = $2) ORDER BY s.id`,
};

export function readSinks(tx: Transaction, tenantId: string, id: string | null = null): Promise<SinkRow[]> {
  return tx.rows(listing, [tenantId, id]);
}

const toTest: Statement = {
  name: 'audit.sink_to_test',
  text: 'SELECT id, kind, format, endpoint, secret_sealed, shows_sensitive FROM control.audit_sinks WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL',
};

/** What sending to it takes; undefined where there is none. */
export function findSinkToTest(tx: Transaction, tenantId: string, id: string): Promise<(Pick<SinkRow, 'id' | 'kind' | 'format' | 'endpoint' | 'shows_sensitive'> & { readonly secret_sealed: Buffer | null }) | undefined> {
  return tx.maybeOne(toTest, [tenantId, id]);
}

const insert: Statement = {
  name: 'audit.insert_sink',
  text: `INSERT INTO control.audit_sinks (tenant_id, id, name, kind, format, endpoint, secret_sealed, types, shows_sensitive, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
};
/** A new sink gets what happens from now on, unless it asks for everything: then it has no positions, and begins at the first event. */
const fromNow: Statement = {
  name: 'audit.sink_from_now',
  text: 'INSERT INTO audit.sink_positions (tenant_id, sink_id, chain, delivered_seq) SELECT tenant_id, $2, chain, seq FROM audit.chain_heads WHERE tenant_id = $1',
};

export async function insertSink(tx: Transaction, tenantId: string, sink: { id: string; name: string; kind: string; format: string; endpoint: string; secretSealed: Uint8Array | null; types: readonly string[] | null; showsSensitive: boolean; createdBy: string }, fromFirst: boolean): Promise<void> {
  await tx.change(insert, [tenantId, sink.id, sink.name, sink.kind, sink.format, sink.endpoint, sink.secretSealed, sink.types, sink.showsSensitive, sink.createdBy]);
  if (!fromFirst) await tx.change(fromNow, [tenantId, sink.id]);
}

const update: Statement = {
  name: 'audit.update_sink',
  text: `
    UPDATE control.audit_sinks
       SET name = coalesce($3, name), types = CASE WHEN $4 THEN $5::text[] ELSE types END, enabled = coalesce($6, enabled), drain_event_id = $7, version = version + 1
     WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL`,
};
/** Who switches it on has mended it: it need not wait for its turn. */
const tryNow: Statement = { name: 'audit.try_sink_now', text: 'UPDATE audit.sink_positions SET next_attempt_at = clock_timestamp() WHERE tenant_id = $1 AND sink_id = $2' };
const remove: Statement = { name: 'audit.remove_sink', text: 'UPDATE control.audit_sinks SET enabled = false, removed_at = clock_timestamp(), drain_event_id = $3 WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL' };

/** `drainEventId`: the event that says so, up to which a sink that is switched off is still served. */
export async function updateSink(tx: Transaction, tenantId: string, id: string, change: { name: string | null; types: readonly string[] | null | undefined; enabled: boolean | null }, drainEventId: string): Promise<boolean> {
  if (change.enabled === true) await tx.change(tryNow, [tenantId, id]);
  return await tx.change(update, [tenantId, id, change.name, change.types !== undefined, change.types ?? null, change.enabled, drainEventId]) === 1;
}

export async function removeSink(tx: Transaction, tenantId: string, id: string, drainEventId: string): Promise<boolean> {
  return await tx.change(remove, [tenantId, id, drainEventId]) === 1;
}

/** A sink and a chain with something to deliver. */
export interface DueDelivery extends Omit<SinkRow, 'positions' | 'created_at' | 'version'> {
  readonly secret_sealed: Buffer | null;
  readonly chain: string;
  readonly delivered: string;
  readonly up_to: string;
  readonly attempts: number;
}

const due: Statement = {
  name: 'audit.due_deliveries',
  text: `
    SELECT * FROM (
      SELECT s.id, s.name, s.kind, s.format, s.endpoint, s.types, s.shows_sensitive, s.enabled, s.failing_since, s.secret_sealed, h.chain, coalesce(p.delivered_seq, 0) AS delivered, coalesce(p.attempts, 0) AS attempts,
             CASE WHEN s.enabled THEN h.seq ELSE coalesce((SELECT l.seq FROM audit.links l WHERE l.tenant_id = $1 AND l.event_id = s.drain_event_id AND l.chain = h.chain), 0) END AS up_to
        FROM control.audit_sinks s
        JOIN audit.chain_heads h ON h.tenant_id = s.tenant_id
        LEFT JOIN audit.sink_positions p ON (p.tenant_id, p.sink_id, p.chain) = (s.tenant_id, s.id, h.chain)
       WHERE s.tenant_id = $1 AND (s.enabled OR s.drain_event_id IS NOT NULL) AND coalesce(p.next_attempt_at <= clock_timestamp(), true)) d
     WHERE d.up_to > d.delivered ORDER BY d.id, d.chain`,
};

export function dueDeliveries(tx: Transaction, tenantId: string): Promise<DueDelivery[]> {
  return tx.rows(due, [tenantId]);
}

const nextEvents: Statement = {
  name: 'audit.next_for_sink',
  text: `SELECT l.seq, e.type, e.recorded_at, e.body FROM audit.links l JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id) WHERE l.tenant_id = $1 AND l.chain = $2 AND l.seq > $3 AND l.seq <= $4 ORDER BY l.seq LIMIT $5`,
};

export interface NextEvent {
  readonly seq: string;
  readonly type: string;
  readonly recorded_at: Date;
  readonly body: string | null;
}

export function readNext(tx: Transaction, tenantId: string, { chain, delivered, up_to }: DueDelivery, limit: number): Promise<NextEvent[]> {
  return tx.rows(nextEvents, [tenantId, chain, delivered, up_to, limit]);
}

const moveOn: Statement = {
  name: 'audit.sink_delivered',
  text: `
    INSERT INTO audit.sink_positions (tenant_id, sink_id, chain, delivered_seq, delivered_at) VALUES ($1, $2, $3, $4, clock_timestamp())
    ON CONFLICT (tenant_id, sink_id, chain) DO UPDATE
      SET delivered_seq = excluded.delivered_seq, delivered_at = excluded.delivered_at, attempts = 0, next_attempt_at = clock_timestamp(), last_error = NULL
      WHERE sink_positions.delivered_seq < excluded.delivered_seq`,
};
const putOff: Statement = {
  name: 'audit.sink_put_off',
  text: `
    INSERT INTO audit.sink_positions (tenant_id, sink_id, chain, attempts, next_attempt_at, last_error) VALUES ($1, $2, $3, 1, clock_timestamp() + $4 * interval '1 millisecond', $5)
    ON CONFLICT (tenant_id, sink_id, chain) DO UPDATE SET attempts = sink_positions.attempts + 1, next_attempt_at = excluded.next_attempt_at, last_error = excluded.last_error`,
};
const setFailing: Statement = {
  name: 'audit.sink_failing',
  text: 'UPDATE control.audit_sinks SET failing_since = CASE WHEN $3 THEN clock_timestamp() END WHERE tenant_id = $1 AND id = $2 AND (failing_since IS NULL) = $3',
};

export async function storeDelivered(tx: Transaction, tenantId: string, { id, chain }: DueDelivery, seq: string): Promise<void> {
  await tx.change(moveOn, [tenantId, id, chain, seq]);
}

export async function putOffDelivery(tx: Transaction, tenantId: string, { id, chain }: DueDelivery, wait_ms: number, error: string): Promise<void> {
  await tx.change(putOff, [tenantId, id, chain, wait_ms, error]);
}

/** Whether that is news. */
export async function markSink(tx: Transaction, tenantId: string, id: string, failing: boolean): Promise<boolean> {
  return await tx.change(setFailing, [tenantId, id, failing]) === 1;
}
