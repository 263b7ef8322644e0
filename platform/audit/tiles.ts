import { HASH_BYTES } from '@countersign/contracts/transparency/merkle.ts';
import type { Frontier, TreeNode } from '@countersign/contracts/transparency/merkle.ts';

/**
 * How the tree of a chain is stored: 256 hashes of one level of levels (0: leaves; k: the roots of 256 hashes of level k-1) are a tile, written
 * once it is whole. Where a tile is not whole yet, its hashes are the roots of the tiles below it, or leaves that are computed from lines.
 */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;

export interface TileKey {
  readonly level: number;
  readonly n: number;
}

/** The hash at one place of a tile. */
export interface TilePlace extends TileKey {
  readonly at: number;
}

/** How many tiles of this level are whole in a tree of `size` leaves. */
export function wholeTiles(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** (level + 1));
}

/** The places whose hashes, folded pairwise, are the root of the perfect subtree: 1 to 128 of them, all in one tile. */
export function placesOf({ level, index }: TreeNode): TilePlace[] {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const width = 2 ** (level % TILE_HEIGHT);
  const first = index * width;
  return Array.from({ length: width }, (_, k) => ({ level: tileLevel, n: Math.floor((first + k) / TILE_WIDTH), at: (first + k) % TILE_WIDTH }));
}

export function frontierBytes({ roots }: Frontier): Buffer {
  return Buffer.concat(roots);
}

export function frontierOf(size: number, bytes: Uint8Array): Frontier {
  return { size, roots: hashesIn(bytes) };
}

export function hashesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.byteLength / HASH_BYTES }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}
