import type { Statement, Transaction } from '../postgres/database.ts';
import type { TileKey } from './tiles.ts';

const tilesWhole: Statement = {
  name: 'audit.tiles_whole',
  text: `SELECT t.level, t.n, t.hashes FROM audit.tree_tiles t JOIN unnest($3::int[], $4::bigint[]) AS k (level, n) USING (level, n) WHERE t.tenant_id = $1 AND t.chain = $2`,
};

const tileRoots: Statement = {
  name: 'audit.tile_roots',
  text: `SELECT t.level, t.n, t.root FROM audit.tree_tiles t JOIN unnest($3::int[], $4::bigint[]) AS k (level, n) USING (level, n) WHERE t.tenant_id = $1 AND t.chain = $2`,
};

const linesBetween: Statement = {
  name: 'audit.lines_between',
  text: `
    SELECT r.chain, l.line FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS r (chain, after, up_to)
     CROSS JOIN LATERAL (SELECT l.seq, l.line FROM audit.links l WHERE l.tenant_id = $1 AND l.chain = r.chain AND l.seq > r.after
                          -- chain by chain by the key, whatever the planner believes of the table
                          ORDER BY l.seq LIMIT r.up_to - r.after) l
     ORDER BY r.chain, l.seq`,
};

const treeSize: Statement = { name: 'audit.tree_size', text: 'SELECT tree_size FROM audit.chain_heads WHERE tenant_id = $1 AND chain = $2' };

const insertTiles: Statement = {
  name: 'audit.insert_tiles',
  text: `INSERT INTO audit.tree_tiles (tenant_id, chain, level, n, root, hashes) SELECT $1, t.* FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bytea[], $6::bytea[]) AS t`,
};

export interface StoredTile extends TileKey {
  readonly chain: string;
  readonly root: Uint8Array;
  readonly hashes: Uint8Array;
}

export async function readTiles(tx: Transaction, tenantId: string, chain: string, keys: readonly TileKey[]): Promise<Array<TileKey & { readonly hashes: Uint8Array }>> {
  if (keys.length === 0) return [];
  const rows = await tx.rows<{ level: number; n: string; hashes: Buffer }>(tilesWhole, [tenantId, chain, keys.map(({ level }) => level), keys.map(({ n }) => n)]);
  return rows.map(({ level, n, hashes }) => ({ level, n: Number(n), hashes }));
}

export async function readTileRoots(tx: Transaction, tenantId: string, chain: string, keys: readonly TileKey[]): Promise<Array<TileKey & { readonly root: Uint8Array }>> {
  if (keys.length === 0) return [];
  const rows = await tx.rows<{ level: number; n: string; root: Buffer }>(tileRoots, [tenantId, chain, keys.map(({ level }) => level), keys.map(({ n }) => n)]);
  return rows.map(({ level, n, root }) => ({ level, n: Number(n), root }));
}

/** The lines of a chain behind the event `after`, up to the event `upTo`. */
export interface LineRange {
  readonly chain: string;
  readonly after: number;
  readonly upTo: number;
}

/** Those of each chain in its order. */
export async function readLines(tx: Transaction, tenantId: string, ranges: readonly LineRange[]): Promise<Array<{ chain: string; line: string }>> {
  const asked = ranges.filter(({ after, upTo }) => after < upTo);
  if (asked.length === 0) return [];
  return tx.rows(linesBetween, [tenantId, asked.map(({ chain }) => chain), asked.map(({ after }) => after), asked.map(({ upTo }) => upTo)]);
}

/** How many leaves the tree of the chain has; 0 for one that has not begun. */
export async function readTreeSize(tx: Transaction, tenantId: string, chain: string): Promise<number> {
  return Number((await tx.maybeOne<{ tree_size: string }>(treeSize, [tenantId, chain]))?.tree_size ?? 0);
}

export async function storeTiles(tx: Transaction, tenantId: string, tiles: readonly StoredTile[]): Promise<void> {
  await tx.change(insertTiles, [tenantId, tiles.map(({ chain }) => chain), tiles.map(({ level }) => level), tiles.map(({ n }) => n), tiles.map(({ root }) => root), tiles.map(({ hashes }) => hashes)]);
}
