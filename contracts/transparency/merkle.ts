import { hash } from 'node:crypto';

/**
 * The Merkle tree of RFC 6962, section 2.1 (RFC 9162, section 2.1), with SHA-256: plain functions over hashes, without storage.
 * Positions and sizes are whole numbers up to 2^53, so nothing here uses 32-bit operators.
 */

/** Of an empty tree. */
export const EMPTY_ROOT: Uint8Array = hash('sha256', '', 'buffer');
export const HASH_BYTES = 32;

const LEAF = Buffer.from([0]);
/** A node's prefix, and room for its children: trees are made of millions of nodes, one after the other. */
const NODE = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

export function leafHash(entry: Uint8Array | string): Uint8Array {
  return sha256(typeof entry === 'string' ? `\0${entry}` : Buffer.concat([LEAF, entry]));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.byteLength !== HASH_BYTES || right.byteLength !== HASH_BYTES) return sha256(Buffer.concat([NODE.subarray(0, 1), left, right]));
  NODE.set(left, 1);
  NODE.set(right, 1 + HASH_BYTES);
  return sha256(NODE);
}

/** Bytes by way of a text: Node makes these in a third of the time. */
function sha256(input: Uint8Array | string): Uint8Array {
  return Buffer.from(hash('sha256', input, 'binary'), 'binary');
}

/**
 * The roots of the perfect subtrees that a tree of `size` leaves consists of, the largest first: one per set bit of the size. It is all that
 * is needed to let the tree grow, and to tell its root.
 */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Uint8Array[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, roots: [] };

/** The frontier with `leaves` (their hashes) behind it. */
export function grow(frontier: Frontier, leaves: Iterable<Uint8Array>): Frontier {
  const roots = [...frontier.roots];
  let { size } = frontier;
  for (const leaf of leaves) {
    let node = leaf;
    // As adding one to a binary number carries: two subtrees of one height become one of the next.
    for (let height = size; height % 2 === 1; height = Math.floor(height / 2)) node = nodeHash(roots.pop() ?? node, node);
    roots.push(node);
    size += 1;
  }
  return { size, roots };
}

export function rootOf({ roots }: Frontier): Uint8Array {
  return roots.length === 0 ? EMPTY_ROOT : foldRight(roots);
}

/** A perfect subtree: of the leaves from `index * 2^level`, 2^level many. Level 0 is the leaves themselves. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** What the hashes of a proof are made of, in the order of the proof: each is the fold of the perfect subtrees named. */
export type ProofPlan = ReadonlyArray<readonly TreeNode[]>;

/** Which hashes prove that the leaf at `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1). */
export function planInclusion(index: number, size: number): ProofPlan {
  return pathTo(index, 0, size).map(([start, end]) => perfectSubtrees(start, end));
}

/** Which hashes prove that the tree of `to` leaves begins with the tree of `from` (RFC 9162, 2.1.4.1). */
export function planConsistency(from: number, to: number): ProofPlan {
  if (from === 0 || from === to) return [];
  return subproof(from, 0, to, true).map(([start, end]) => perfectSubtrees(start, end));
}

/** The perfect subtrees of a tree of `size` leaves, the largest first. */
export function frontierNodes(size: number): readonly TreeNode[] {
  return perfectSubtrees(0, size);
}

/** The hashes of a proof, of the nodes that its plan names. */
export function hashesOf(plan: ProofPlan, hashOf: (node: TreeNode) => Uint8Array): Uint8Array[] {
  return plan.map((nodes) => foldRight(nodes.map(hashOf)));
}

export interface InclusionProof {
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly hashes: readonly Uint8Array[];
}

/** Whether the proof leads from the leaf to exactly this root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(proof: InclusionProof, leaf: Uint8Array, root: Uint8Array): boolean {
  const { leafIndex, treeSize, hashes } = proof;
  if (!isPlace(leafIndex) || !isPlace(treeSize) || leafIndex >= treeSize || !areHashes([leaf, ...hashes])) return false;
  const path = pathTo(leafIndex, 0, treeSize);
  if (path.length !== hashes.length) return false;
  let node = leaf;
  path.forEach(([start], at) => {
    const sibling = hashes[at] ?? node;
    node = start > leafIndex ? nodeHash(node, sibling) : nodeHash(sibling, node);
  });
  return same(node, root);
}

export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly hashes: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the tree with `toRoot` begins with the tree with `fromRoot` (RFC 9162, 2.1.4.2). Every tree begins with the empty
 * one, so there is nothing to prove: false, but for the empty tree itself.
 */
export function verifyConsistency(proof: ConsistencyProof, fromRoot: Uint8Array, toRoot: Uint8Array): boolean {
  const { from, to, hashes } = proof;
  if (!isPlace(from) || !isPlace(to) || from > to || !areHashes(hashes)) return false;
  if (from === 0 && (to > 0 || !same(fromRoot, EMPTY_ROOT))) return false;
  if (from === to) return hashes.length === 0 && same(fromRoot, toRoot);
  const ranges = subproof(from, 0, to, true);
  if (ranges.length !== hashes.length) return false;
  // A perfect subtree of `from` leaves is its own proof and is not sent.
  const isPerfect = perfectSubtrees(0, from).length === 1;
  let old = isPerfect ? fromRoot : hashes[0] ?? fromRoot;
  let grown = old;
  ranges.forEach(([start], at) => {
    if (at === 0 && !isPerfect) return;
    const sibling = hashes[at] ?? grown;
    if (start >= from) grown = nodeHash(grown, sibling);
    else [old, grown] = [nodeHash(sibling, old), nodeHash(sibling, grown)];
  });
  return same(old, fromRoot) && same(grown, toRoot);
}

/** Leaves from the first, inclusive, to the second, exclusive. */
type Range = readonly [number, number];

/** The siblings on the way from a leaf to the root of the tree over [start, end), the lowest first. */
function pathTo(index: number, start: number, end: number): Range[] {
  if (end - start <= 1) return [];
  const middle = start + splitOf(end - start);
  return index < middle ? [...pathTo(index, start, middle), [middle, end]] : [...pathTo(index, middle, end), [start, middle]];
}

function subproof(from: number, start: number, end: number, isWhole: boolean): Range[] {
  if (from === end) return isWhole ? [] : [[start, end]];
  const middle = start + splitOf(end - start);
  if (from <= middle) return [...subproof(from, start, middle, isWhole), [middle, end]];
  return [...subproof(from, middle, end, false), [start, middle]];
}

/** The largest power of two that is less than `size`, for a size over one. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** `start` is a multiple of the largest subtree of the range: so are all that proofs ask for. */
function perfectSubtrees(start: number, end: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  let [at, level] = [start, 0];
  while (2 ** (level + 1) <= end - start) level += 1;
  for (; at < end; level -= 1) {
    if (2 ** level > end - at) continue;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

function foldRight(roots: readonly Uint8Array[]): Uint8Array {
  return roots.reduceRight((right, left) => nodeHash(left, right));
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((one) => one.byteLength === HASH_BYTES);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}
