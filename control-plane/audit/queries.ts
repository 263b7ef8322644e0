import type { Statement } from '@countersign/platform/postgres/database.ts';

/** Two control planes of one cell do not seal at the same time: the second finds this taken and waits for its next turn. */
export const trySealing: Statement = {
  name: 'audit.try_sealing',
  text: `SELECT pg_try_advisory_xact_lock(hashtextextended('countersign.sequencer/' || $1, 0)) AS mine`,
};

/** Chains with something to do: events to seal, or a head that no checkpoint covers. */
export const openChains: Statement = {
  name: 'audit.open_chains',
  text: `SELECT DISTINCT chain FROM audit.events WHERE tenant_id = $1 AND seq IS NULL`,
};

export const uncoveredChains: Statement = {
  name: 'audit.uncovered_chains',
  text: `
    SELECT h.chain, h.seq, h.hash, c.body AS previous_body
      FROM audit.chain_heads h
      LEFT JOIN LATERAL (SELECT seq, body FROM audit.checkpoints c WHERE (c.tenant_id, c.chain) = (h.tenant_id, h.chain) ORDER BY seq DESC LIMIT 1) c ON true
     WHERE h.tenant_id = $1 AND h.seq > coalesce(c.seq, 0)`,
};

export interface UncoveredChain {
  readonly chain: string;
  readonly seq: string;
  readonly hash: string;
  readonly previous_body: string | null;
}

export const beginChain: Statement = {
  name: 'audit.begin_chain',
  text: 'INSERT INTO audit.chain_heads (tenant_id, chain, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

export const lockHead: Statement = {
  name: 'audit.lock_head',
  text: 'SELECT seq, hash FROM audit.chain_heads WHERE tenant_id = $1 AND chain = $2 FOR UPDATE',
};

/** What is unsealed, not what is newer: an event whose transaction commits late is sealed in the next batch, never left out. */
export const pendingEvents: Statement = {
  name: 'audit.pending_events',
  text: 'SELECT id, body FROM audit.events WHERE tenant_id = $1 AND chain = $2 AND seq IS NULL ORDER BY pending_no LIMIT $3',
};

export const sealEvents: Statement = {
  name: 'audit.seal_events',
  text: `
    UPDATE audit.events e SET seq = s.seq, prev_hash = s.prev_hash, hash = s.hash, line = s.line
      FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[]) AS s (id, seq, prev_hash, hash, line)
     WHERE e.tenant_id = $1 AND e.id = s.id AND e.seq IS NULL`,
};

export const moveHead: Statement = {
  name: 'audit.move_head',
  text: 'UPDATE audit.chain_heads SET seq = $3, hash = $4 WHERE tenant_id = $1 AND chain = $2',
};

export const insertCheckpoint: Statement = {
  name: 'audit.insert_checkpoint',
  text: `INSERT INTO audit.checkpoints (tenant_id, chain, seq, id, hash, previous_checkpoint_sha256, body, signature, kid, object_key, signed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
};

export interface SealedEventRow {
  readonly seq: string;
  readonly hash: string;
  readonly prev_hash: string;
  readonly body: string;
}

export const listEvents: Statement = {
  name: 'audit.list_events',
  text: `
    SELECT seq, hash, prev_hash, body FROM audit.events
     WHERE tenant_id = $1 AND chain = $2 AND seq IS NOT NULL AND ($3::bigint IS NULL OR seq < $3)
       AND ($4::text IS NULL OR run_id = $4) AND ($5::text IS NULL OR type = $5)
     ORDER BY seq DESC LIMIT $6`,
};
