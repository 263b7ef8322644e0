import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

/** What is asked of the sealed events of a chain; null asks nothing. */
export interface EventFilter {
  readonly runId: string | null;
  /** Whole names, and patterns of LIKE for kinds. */
  readonly types: readonly string[] | null;
  readonly actor: string | null;
  readonly subject: string | null;
  readonly either: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

export interface SealedEventRow {
  readonly seq: string;
  readonly hash: string;
  readonly prev_hash: string;
  readonly body: string;
}

/** By the events' own columns: no index of what is in them is asked. */
const plainEvents = (name: string, compare: '<' | '>', order: 'DESC' | 'ASC'): Statement => ({
  name: `audit.list_events_${name}`,
  text: `
    SELECT l.seq, encode(l.hash, 'hex') AS hash, encode(l.prev_hash, 'hex') AS prev_hash, e.body
      FROM audit.links l JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id)
     WHERE l.tenant_id = $1 AND l.chain = $2 AND e.body IS NOT NULL AND ($3::bigint IS NULL OR l.seq ${compare} $3)
       AND ($4::text IS NULL OR e.run_id = $4) AND ($5::text[] IS NULL OR e.type LIKE ANY ($5))
     ORDER BY l.seq ${order} LIMIT $6`,
});

const foundEvents = (name: string, compare: '<' | '>', order: 'DESC' | 'ASC'): Statement => ({
  name: `audit.find_events_${name}`,
  text: `
    SELECT l.seq, encode(l.hash, 'hex') AS hash, encode(l.prev_hash, 'hex') AS prev_hash, e.body
      FROM audit.search s
      JOIN audit.links l ON (l.tenant_id, l.chain, l.seq) = (s.tenant_id, s.chain, s.seq)
      JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id)
     WHERE s.tenant_id = $1 AND s.chain = $2 AND e.body IS NOT NULL AND ($3::bigint IS NULL OR s.seq ${compare} $3)
       AND ($4::text IS NULL OR e.run_id = $4) AND ($5::text[] IS NULL OR s.type LIKE ANY ($5))
       AND ($7::text IS NULL OR s.actor_id = $7) AND ($8::text IS NULL OR s.subject_id = $8) AND ($9::text IS NULL OR $9 IN (s.actor_id, s.subject_id))
       AND ($10::timestamptz IS NULL OR s.at >= $10) AND ($11::timestamptz IS NULL OR s.at < $11)
     ORDER BY s.seq ${order} LIMIT $6`,
});

const PLAIN = { newest: plainEvents('newest', '<', 'DESC'), oldest: plainEvents('oldest', '>', 'ASC') };
const FOUND = { newest: foundEvents('newest', '<', 'DESC'), oldest: foundEvents('oldest', '>', 'ASC') };

export function readEvents(tx: Transaction, tenantId: string, chain: string, after: string | null, filter: EventFilter, order: 'newest' | 'oldest', limit: number): Promise<SealedEventRow[]> {
  const plain = [tenantId, chain, after, filter.runId, filter.types, limit];
  const { actor, subject, either, from, to } = filter;
  if ([actor, subject, either, from, to].every((one) => one === null)) return tx.rows(PLAIN[order], plain);
  return tx.rows(FOUND[order], [...plain, actor, subject, either, from, to]);
}

const exportedLines: Statement = {
  name: 'audit.exported_lines',
  text: `SELECT l.seq, e.body, l.line FROM audit.links l JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id) WHERE l.tenant_id = $1 AND l.chain = $2 AND l.seq > $3 AND l.seq <= $4 ORDER BY l.seq LIMIT $5`,
};

/** The next lines of the export behind the event `after`: the link with the body in front of it, canonical as both are. */
export async function readExport(tx: Transaction, tenantId: string, chain: string, after: number, upTo: number, limit: number): Promise<Array<{ seq: number; text: string }>> {
  const rows = await tx.rows<{ seq: string; body: string | null; line: string }>(exportedLines, [tenantId, chain, after, upTo, limit]);
  return rows.map(({ seq, body, line }) => ({ seq: Number(seq), text: `{"body":${body ?? 'null'},${line.slice(1)}` }));
}

const headSize: Statement = { name: 'audit.head_size', text: 'SELECT seq FROM audit.chain_heads WHERE tenant_id = $1 AND chain = $2' };

export async function readHeadSize(tx: Transaction, tenantId: string, chain: string): Promise<number> {
  return Number((await tx.maybeOne<{ seq: string }>(headSize, [tenantId, chain]))?.seq ?? 0);
}

const COSIGNATURES = `
  coalesce((SELECT jsonb_agg(jsonb_build_object('witness_id', o.witness_id, 'line', o.line, 'cosigned_at', to_char(o.cosigned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY o.witness_id)
              FROM audit.cosignatures o WHERE (o.tenant_id, o.chain, o.number) = (c.tenant_id, c.chain, c.number)), '[]') AS cosignatures`;

const checkpointsBefore: Statement = {
  name: 'audit.checkpoints_before',
  text: `SELECT c.number, c.seq, c.root, c.kid, c.signed_at, c.note, ${COSIGNATURES} FROM audit.checkpoints c
          WHERE c.tenant_id = $1 AND c.chain = $2 AND ($3::bigint IS NULL OR c.number < $3) ORDER BY c.number DESC LIMIT $4`,
};

const checkpointOf: Statement = {
  name: 'audit.checkpoint_of',
  text: `SELECT c.number, c.seq, c.root, c.kid, c.signed_at, c.note, ${COSIGNATURES} FROM audit.checkpoints c
          WHERE c.tenant_id = $1 AND c.chain = $2 AND c.note IS NOT NULL AND ($3::bigint IS NULL OR c.seq = $3) ORDER BY c.number DESC LIMIT 1`,
};

const notesAfter: Statement = {
  name: 'audit.notes_after',
  text: `SELECT c.number, c.seq, c.root, c.kid, c.signed_at, c.note, ${COSIGNATURES} FROM audit.checkpoints c
          WHERE c.tenant_id = $1 AND c.chain = $2 AND c.note IS NOT NULL AND c.number > $3 AND c.seq <= $4 ORDER BY c.number LIMIT $5`,
};

export interface CheckpointRow {
  readonly number: string;
  readonly seq: string;
  readonly root: Buffer | null;
  readonly kid: string;
  readonly signed_at: Date;
  readonly note: string | null;
  readonly cosignatures: ReadonlyArray<{ readonly witness_id: string; readonly line: string; readonly cosigned_at: string }>;
}

export function readCheckpoints(tx: Transaction, tenantId: string, chain: string, before: string | null, limit: number): Promise<CheckpointRow[]> {
  return tx.rows(checkpointsBefore, [tenantId, chain, before, limit]);
}

/** The newest of the size; of any for null. */
export function findCheckpoint(tx: Transaction, tenantId: string, chain: string, size: string | null): Promise<CheckpointRow | undefined> {
  return tx.maybeOne(checkpointOf, [tenantId, chain, size]);
}

/** Signed notes about up to `size` events, in the order in which they were signed, behind the checkpoint `after`. */
export function readNotes(tx: Transaction, tenantId: string, chain: string, after: number, size: number, limit: number): Promise<CheckpointRow[]> {
  return tx.rows(notesAfter, [tenantId, chain, after, size, limit]);
}

const checkpointKeys: Statement = {
  name: 'audit.checkpoint_keys',
  text: `SELECT kid, public_jwk, compromised_since FROM control.signing_keys WHERE tenant_id = $1 AND purpose = 'checkpoint' ORDER BY kid`,
};

export async function readCheckpointKeys(tx: Transaction, tenantId: string): Promise<Array<{ kid: string; public_jwk: Record<string, string>; compromised_since: string | null }>> {
  const rows = await tx.rows<{ kid: string; public_jwk: Record<string, string>; compromised_since: Date | null }>(checkpointKeys, [tenantId]);
  return rows.map((row) => ({ ...row, compromised_since: row.compromised_since?.toISOString() ?? null }));
}
