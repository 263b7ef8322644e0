import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const behind: Statement = {
  name: 'audit.search_behind',
  text: 'SELECT chain FROM audit.chain_heads WHERE tenant_id = $1 AND searchable_seq < seq ORDER BY chain',
};

const lockProgress: Statement = {
  name: 'audit.lock_search',
  text: 'SELECT searchable_seq, seq FROM audit.chain_heads WHERE tenant_id = $1 AND chain = $2 FOR UPDATE',
};

const unindexed: Statement = {
  name: 'audit.unindexed',
  text: `SELECT l.seq, e.type, e.body FROM audit.links l JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id) WHERE l.tenant_id = $1 AND l.chain = $2 AND l.seq > $3 AND l.seq <= $4 ORDER BY l.seq`,
};

const insertSearch: Statement = {
  name: 'audit.insert_search',
  text: `INSERT INTO audit.search (tenant_id, chain, seq, type, at, actor_id, subject_kind, subject_id)
         SELECT $1, $2, s.* FROM unnest($3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[]) AS s`,
};

const moveProgress: Statement = { name: 'audit.move_search', text: 'UPDATE audit.chain_heads SET searchable_seq = $3 WHERE tenant_id = $1 AND chain = $2' };

export async function chainsBehindSearch(tx: Transaction, tenantId: string): Promise<string[]> {
  return (await tx.rows<{ chain: string }>(behind, [tenantId])).map(({ chain }) => chain);
}

/** Up to `limit` sealed events that cannot be searched yet, under a lock on the chain's progress. */
export async function readUnindexed(tx: Transaction, tenantId: string, chain: string, limit: number): Promise<{ upTo: number; events: Array<{ seq: string; type: string; body: string | null }> }> {
  const progress = await tx.one<{ searchable_seq: string; seq: string }>(lockProgress, [tenantId, chain]);
  const from = Number(progress.searchable_seq);
  const upTo = Math.min(Number(progress.seq), from + limit);
  return { upTo, events: await tx.rows(unindexed, [tenantId, chain, from, upTo]) };
}

export interface SearchRow {
  readonly seq: string;
  readonly type: string;
  readonly at: string;
  readonly actorId: string;
  readonly subjectKind: string;
  readonly subjectId: string;
}

export async function storeSearch(tx: Transaction, tenantId: string, chain: string, upTo: number, rows: readonly SearchRow[]): Promise<void> {
  await tx.change(insertSearch, [
    tenantId, chain, rows.map(({ seq }) => seq), rows.map(({ type }) => type), rows.map(({ at }) => at), rows.map(({ actorId }) => actorId), rows.map(({ subjectKind }) => subjectKind), rows.map(({ subjectId }) => subjectId),
  ]);
  await tx.change(moveProgress, [tenantId, chain, upTo]);
}
