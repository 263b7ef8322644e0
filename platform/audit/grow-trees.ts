import { EMPTY_FRONTIER, grow, leafHash, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import type { Frontier } from '@countersign/contracts/transparency/merkle.ts';
import type { Transaction } from '../postgres/database.ts';
import { readLines, readTileRoots, storeTiles } from './repository-tree.ts';
import type { StoredTile } from './repository-tree.ts';
import { TILE_WIDTH, wholeTiles } from './tiles.ts';

/** A chain whose tree grows by a leaf per line. The lines are those right behind the tree. */
export interface GrowingChain {
  readonly chain: string;
  readonly tree: Frontier;
  readonly lines: readonly string[];
}

/** Where the trees are after it, in the order of `chains`. Stores the tiles that become whole; whoever calls holds the chains' heads. */
export async function growTrees(tx: Transaction, tenantId: string, chains: readonly GrowingChain[]): Promise<Frontier[]> {
  const growing = chains.map(({ chain, tree, lines }) => {
    const hashes = lines.map(leafHash);
    return { chain, before: tree, after: grow(tree, hashes), hashes };
  });
  await storeWholeTiles(tx, tenantId, 0, growing);
  return growing.map(({ after }) => after);
}

/** A tree that grew, and the hashes of one level that it grew by. */
interface GrownLevel {
  readonly chain: string;
  readonly before: Frontier;
  readonly after: Frontier;
  readonly hashes: readonly Uint8Array[];
}

/** The roots of the tiles that become whole are what the level above grows by. */
async function storeWholeTiles(tx: Transaction, tenantId: string, level: number, grown: readonly GrownLevel[]): Promise<void> {
  const whole = grown.filter(({ before, after }) => wholeTiles(level, after.size) > wholeTiles(level, before.size));
  if (whole.length === 0) return;
  const begun = level === 0 ? await begunLeaves(tx, tenantId, whole) : await begunRoots(tx, tenantId, level, whole);
  const tiles = whole.map(({ chain, before, hashes }) => tilesOf(chain, level, wholeTiles(level, before.size), [...begun.get(chain) ?? [], ...hashes]));
  await storeTiles(tx, tenantId, tiles.flat());
  await storeWholeTiles(tx, tenantId, level + 1, whole.map((one, at) => ({ ...one, hashes: (tiles[at] ?? []).map(({ root }) => root) })));
}

/** The leaves of the tiles that were begun before and not finished, by chain: computed from their lines. */
async function begunLeaves(tx: Transaction, tenantId: string, chains: readonly GrownLevel[]): Promise<Map<string, Uint8Array[]>> {
  const lines = await readLines(tx, tenantId, chains.map(({ chain, before }) => ({ chain, after: wholeTiles(0, before.size) * TILE_WIDTH, upTo: before.size })));
  return new Map(Map.groupBy(lines, ({ chain }) => chain).entries().map(([chain, of]) => [chain, of.map(({ line }) => leafHash(line))]));
}

/** As `begunLeaves`, of a level above them: the roots of the tiles below. A tile of tiles is whole once in 65,536 events. */
async function begunRoots(tx: Transaction, tenantId: string, level: number, chains: readonly GrownLevel[]): Promise<Map<string, Uint8Array[]>> {
  const roots = new Map<string, Uint8Array[]>();
  for (const { chain, before } of chains) {
    const first = wholeTiles(level, before.size) * TILE_WIDTH;
    const below = Array.from({ length: wholeTiles(level - 1, before.size) - first }, (_, at) => ({ level: level - 1, n: first + at }));
    roots.set(chain, (await readTileRoots(tx, tenantId, chain, below)).sort((a, b) => a.n - b.n).map(({ root }) => root));
  }
  return roots;
}

function tilesOf(chain: string, level: number, first: number, hashes: readonly Uint8Array[]): StoredTile[] {
  return Array.from({ length: Math.floor(hashes.length / TILE_WIDTH) }, (_, at) => {
    const own = hashes.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH);
    // A tile is perfect: its hashes fold into one as leaves would.
    return { chain, level, n: first + at, hashes: Buffer.concat(own), root: rootOf(grow(EMPTY_FRONTIER, own)) };
  });
}
