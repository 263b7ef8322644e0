import { EMPTY_FRONTIER, grow, leafHash, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import type { Frontier } from '@countersign/contracts/transparency/merkle.ts';
import type { Transaction } from '../postgres/database.ts';
import { readLines, readTileRoots, storeTiles } from './repository-tree.ts';
import type { StoredTile } from './repository-tree.ts';
import { TILE_WIDTH, wholeTiles } from './tiles.ts';

/**
 * Lets the tree of a chain grow by a leaf per line, under the lock of the chain's head, and stores the tiles that become whole by it. The lines are
 * those right behind the tree.
 */
export async function growTree(tx: Transaction, tenantId: string, chain: string, tree: Frontier, lines: readonly string[]): Promise<Frontier> {
  const leaves = lines.map(leafHash);
  const grown = grow(tree, leaves);
  for (let level = 0, hashes: readonly Uint8Array[] = leaves; wholeTiles(level, grown.size) > wholeTiles(level, tree.size); level += 1) {
    const begun = await unfinishedTile(tx, tenantId, chain, level, tree.size);
    const tiles = tilesOf(level, wholeTiles(level, tree.size), [...begun, ...hashes]);
    await storeTiles(tx, tenantId, chain, tiles);
    hashes = tiles.map(({ root }) => root);
  }
  return grown;
}

/** The hashes of the tile of this level that a tree of `size` leaves has begun and not finished. */
async function unfinishedTile(tx: Transaction, tenantId: string, chain: string, level: number, size: number): Promise<Uint8Array[]> {
  const first = wholeTiles(level, size) * TILE_WIDTH;
  if (level === 0) return (await readLines(tx, tenantId, chain, first, size)).map(leafHash);
  const below = Array.from({ length: wholeTiles(level - 1, size) - first }, (_, at) => ({ level: level - 1, n: first + at }));
  return (await readTileRoots(tx, tenantId, chain, below)).sort((a, b) => a.n - b.n).map(({ root }) => root);
}

function tilesOf(level: number, first: number, hashes: readonly Uint8Array[]): StoredTile[] {
  return Array.from({ length: Math.floor(hashes.length / TILE_WIDTH) }, (_, at) => {
    const own = hashes.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH);
    // A tile is perfect: its hashes fold into one as leaves would.
    return { level, n: first + at, hashes: Buffer.concat(own), root: rootOf(grow(EMPTY_FRONTIER, own)) };
  });
}
