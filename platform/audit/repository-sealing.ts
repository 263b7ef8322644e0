import type { Statement, Transaction } from '../postgres/database.ts';

const lockHead: Statement = {
  name: 'audit.lock_head',
  text: 'SELECT seq, hash, tree_size, frontier FROM audit.chain_heads WHERE tenant_id = $1 AND chain = $2 FOR UPDATE',
};

const beginChain: Statement = {
  name: 'audit.begin_chain',
  text: 'INSERT INTO audit.chain_heads (tenant_id, chain, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
};

/** What is unsealed, not what is newer: an event whose transaction commits late is sealed in the next batch, never left out. */
const pendingEvents: Statement = {
  name: 'audit.pending_events',
  text: 'SELECT id, body FROM audit.events WHERE tenant_id = $1 AND chain = $2 AND seq IS NULL ORDER BY pending_no LIMIT $3',
};

const sealEvents: Statement = {
  name: 'audit.seal_events',
  text: `
    UPDATE audit.events e SET seq = s.seq, prev_hash = s.prev_hash, hash = s.hash, line = s.line
      FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[]) AS s (id, seq, prev_hash, hash, line)
     WHERE e.tenant_id = $1 AND e.id = s.id AND e.seq IS NULL`,
};

const moveHead: Statement = {
  name: 'audit.move_head',
  text: 'UPDATE audit.chain_heads SET seq = $3, hash = $4, tree_size = $5, frontier = $6 WHERE tenant_id = $1 AND chain = $2',
};

export interface HeadRow {
  readonly seq: string;
  readonly hash: string;
  readonly tree_size: string;
  readonly frontier: Buffer;
}

export async function lockChain(tx: Transaction, tenantId: string, chain: string, firstHash: string): Promise<HeadRow> {
  const head = await tx.maybeOne<HeadRow>(lockHead, [tenantId, chain]);
  if (head !== undefined) return head;
  await tx.change(beginChain, [tenantId, chain, firstHash]);
  return tx.one<HeadRow>(lockHead, [tenantId, chain]);
}

export function readPending(tx: Transaction, tenantId: string, chain: string, limit: number): Promise<Array<{ id: string; body: string }>> {
  return tx.rows(pendingEvents, [tenantId, chain, limit]);
}

export async function storeLinks(tx: Transaction, tenantId: string, links: ReadonlyArray<{ id: string; seq: number; prev_hash: string; hash: string; line: string }>): Promise<void> {
  await tx.change(sealEvents, [
    tenantId, links.map((link) => link.id), links.map((link) => link.seq), links.map((link) => link.prev_hash), links.map((link) => link.hash), links.map((link) => link.line),
  ]);
}

export async function storeHead(tx: Transaction, tenantId: string, chain: string, head: { seq: number; hash: string; treeSize: number; frontier: Uint8Array }): Promise<void> {
  await tx.change(moveHead, [tenantId, chain, head.seq, head.hash, head.treeSize, head.frontier]);
}
