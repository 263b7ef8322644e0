import { EMPTY_FRONTIER, frontierNodes, grow, hashesOf, leafHash, planConsistency, planInclusion, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import type { ConsistencyProof, InclusionProof, ProofPlan, TreeNode } from '@countersign/contracts/transparency/merkle.ts';
import type { Transaction } from '../postgres/database.ts';
import { AuditError } from './errors.ts';
import { readLines, readTileRoots, readTiles, readTreeSize } from './repository-tree.ts';
import { hashesIn, placesOf, TILE_WIDTH, wholeTiles } from './tiles.ts';
import type { TilePlace } from './tiles.ts';

/** The proof that the event `seq` of the chain is in its tree of `size` leaves. @throws AuditError `audit_range_invalid` */
export async function inclusionProof(tx: Transaction, tenantId: string, chain: string, seq: number, size: number): Promise<InclusionProof> {
  const [proof] = await inclusionProofs(tx, tenantId, chain, [seq], size);
  if (proof === undefined) throw new AuditError('audit_range_invalid', 'There is no proof of no event.');
  return proof;
}

/** As `inclusionProof`, for many events of one chain with few questions to the database; in the order of `seqs`. */
export async function inclusionProofs(tx: Transaction, tenantId: string, chain: string, seqs: readonly number[], size: number): Promise<InclusionProof[]> {
  if (seqs.some((seq) => !(seq >= 1 && seq <= size))) throw new AuditError('audit_range_invalid', `The events must be between 1 and the size of the tree, ${size}.`);
  const plans = seqs.map((seq) => planInclusion(seq - 1, size));
  const hashOf = await readNodes(tx, tenantId, chain, size, plans);
  return seqs.map((seq, at) => ({ leafIndex: seq - 1, treeSize: size, hashes: hashesOf(plans[at] ?? [], hashOf) }));
}

/** The proof that the chain's tree of `to` leaves begins with its tree of `from`. @throws AuditError `audit_range_invalid` */
export async function consistencyProof(tx: Transaction, tenantId: string, chain: string, from: number, to: number): Promise<ConsistencyProof> {
  if (!(from >= 0 && from <= to)) throw new AuditError('audit_range_invalid', `A tree of ${to} leaves does not begin with one of ${from}.`);
  const plan = planConsistency(from, to);
  return { from, to, hashes: hashesOf(plan, await readNodes(tx, tenantId, chain, to, [plan])) };
}

/** The root of the chain's tree as it was with `size` leaves. */
export async function rootAt(tx: Transaction, tenantId: string, chain: string, size: number): Promise<Uint8Array> {
  const nodes = frontierNodes(size);
  const hashOf = await readNodes(tx, tenantId, chain, size, [nodes.map((node) => [node])]);
  return rootOf({ size, roots: nodes.map(hashOf) });
}

/** Reads all that the plans need at once: whole tiles, the roots of tiles below one that is not whole, and the newest lines. */
async function readNodes(tx: Transaction, tenantId: string, chain: string, size: number, plans: readonly ProofPlan[]): Promise<(node: TreeNode) => Uint8Array> {
  const treeSize = await readTreeSize(tx, tenantId, chain);
  if (size > treeSize) throw new AuditError('audit_range_invalid', `The tree of the chain has ${treeSize} leaves, not ${size}.`);
  const places = plans.flat(2).flatMap(placesOf);
  const known = new Map<string, Uint8Array>();
  const isWhole = ({ level, n }: TilePlace): boolean => n < wholeTiles(level, treeSize);
  const unfinished = places.filter((place) => !isWhole(place));

  const tiles = unique(places.filter(isWhole).map(({ level, n }) => ({ level, n })));
  for (const { level, n, hashes } of await readTiles(tx, tenantId, chain, tiles)) hashesIn(hashes).forEach((hash, at) => known.set(keyOf({ level, n, at }), hash));
  const below = unique(unfinished.filter(({ level }) => level > 0).map(({ level, n, at }) => ({ level: level - 1, n: n * TILE_WIDTH + at })));
  for (const { level, n, root } of await readTileRoots(tx, tenantId, chain, below)) known.set(keyOf({ level: level + 1, n: Math.floor(n / TILE_WIDTH), at: n % TILE_WIDTH }), root);
  if (unfinished.some(({ level }) => level === 0)) {
    const first = wholeTiles(0, treeSize) * TILE_WIDTH;
    (await readLines(tx, tenantId, [{ chain, after: first, upTo: treeSize }])).forEach(({ line }, at) => known.set(keyOf({ level: 0, n: first / TILE_WIDTH, at }), leafHash(line)));
  }
  return (node) => rootOf(grow(EMPTY_FRONTIER, placesOf(node).map((place) => known.get(keyOf(place)) ?? missing(chain, place))));
}

function unique<T extends { readonly level: number; readonly n: number }>(keys: readonly T[]): T[] {
  return [...new Map(keys.map((key) => [`${key.level}.${key.n}`, key])).values()];
}

function keyOf({ level, n, at }: TilePlace): string {
  return `${level}.${n}.${at}`;
}

function missing(chain: string, { level, n }: TilePlace): never {
  throw new AuditError('audit_tree_damaged', `The tree of ${chain} lacks its tile ${level}/${n}, which cannot be: rows are missing in audit.tree_tiles or audit.links.`);
}
