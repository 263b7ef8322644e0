import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_FRONTIER, EMPTY_ROOT, frontierNodes, grow, hashesOf, leafHash, nodeHash, planConsistency, planInclusion, rootOf, verifyConsistency, verifyInclusion } from './merkle.ts';
import type { TreeNode } from './merkle.ts';
import vectors from './vectors/merkle.json' with { type: 'json' };

interface InclusionVector { leafIdx: number; treeSize: number; root: string; leafHash: string; proof: string[] | null; wantErr: boolean }
interface ConsistencyVector { size1: number; size2: number; root1: string; root2: string; proof: string[] | null; wantErr: boolean }

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

describe('the vectors of transparency-dev/merkle', () => {
  test('inclusion: 98', () => {
    const all = Object.entries(vectors.inclusion as Record<string, InclusionVector>);
    const wrong = all.filter(([, v]) => verifyInclusion({ leafIndex: v.leafIdx, treeSize: v.treeSize, hashes: (v.proof ?? []).map(bytes) }, bytes(v.leafHash), bytes(v.root)) === v.wantErr);
    expect({ tried: all.length, wrong: wrong.map(([name]) => name) }).toEqual({ tried: 98, wrong: [] });
  });

  test('consistency: 98', () => {
    const all = Object.entries(vectors.consistency as Record<string, ConsistencyVector>);
    const wrong = all.filter(([, v]) => verifyConsistency({ from: v.size1, to: v.size2, hashes: (v.proof ?? []).map(bytes) }, bytes(v.root1), bytes(v.root2)) === v.wantErr);
    expect({ tried: all.length, wrong: wrong.map(([name]) => name) }).toEqual({ tried: 98, wrong: [] });
  });
});

/** The definition of RFC 6962, section 2.1, word by word. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] ?? EMPTY_ROOT;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const LEAVES = Array.from({ length: 300 }, (_, n) => leafHash(`entry ${n}`));
const rootAt = (size: number): Uint8Array => mth(LEAVES.slice(0, size));
const hashOf = ({ level, index }: TreeNode): Uint8Array => mth(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level));

describe('what grows is what the RFC defines', () => {
  test('roots, whatever the steps in which the tree grew', () => {
    for (const step of [1, 7, 64]) {
      let frontier = EMPTY_FRONTIER;
      while (frontier.size < LEAVES.length) {
        frontier = grow(frontier, LEAVES.slice(frontier.size, frontier.size + step));
        expect(Buffer.from(rootOf(frontier))).toEqual(Buffer.from(rootAt(frontier.size)));
        expect(frontier.roots.map((root) => Buffer.from(root))).toEqual(frontierNodes(frontier.size).map((node) => Buffer.from(hashOf(node))));
      }
    }
  });

  test('every proof of inclusion holds, and for no other leaf, place, size or root', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (treeSize, at, bit) => {
      const leafIndex = at % treeSize;
      const hashes = hashesOf(planInclusion(leafIndex, treeSize), hashOf);
      const leaf = LEAVES[leafIndex] ?? EMPTY_ROOT;
      const root = rootAt(treeSize);
      const holds = (changes: Partial<Parameters<typeof verifyInclusion>[0]>, otherLeaf = leaf, otherRoot = root): boolean => verifyInclusion({ leafIndex, treeSize, hashes, ...changes }, otherLeaf, otherRoot);
      expect(holds({})).toBe(true);
      expect([holds({ leafIndex: leafIndex + 1 }), holds({}, flipped(leaf, bit)), holds({}, leaf, flipped(root, bit)), holds({ hashes: [...hashes, leaf] })]).toEqual([false, false, false, false]);
      if (hashes.length > 0) expect([holds({ hashes: hashes.slice(1) }), holds({ hashes: hashes.with(bit % hashes.length, flipped(hashes[bit % hashes.length] ?? leaf, bit)) })]).toEqual([false, false]);
    }), { numRuns: 60 });
  });

  test('every proof of consistency holds, and for no other two trees', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), fc.nat(), (a, b, bit) => {
      const [from, to] = a < b ? [a, b] : [b, a];
      const hashes = hashesOf(planConsistency(from, to), hashOf);
      const holds = (old: Uint8Array, grown: Uint8Array, sent = hashes): boolean => verifyConsistency({ from, to, hashes: sent }, old, grown);
      expect(holds(rootAt(from), rootAt(to))).toBe(from > 0 || to === 0);
      expect(holds(flipped(rootAt(from), bit), rootAt(to))).toBe(false);
      expect(holds(rootAt(from), rootAt(to), [...hashes, rootAt(1)])).toBe(false);
      if (from > 0) expect(holds(rootAt(from), flipped(rootAt(to), bit))).toBe(false);
      for (const at of hashes.keys()) expect(holds(rootAt(from), rootAt(to), hashes.with(at, flipped(hashes[at] ?? EMPTY_ROOT, bit)))).toBe(false);
    }), { numRuns: 60 });
  });
});

test('sizes beyond 32 bits', () => {
  const size = 2 ** 40 + 5;
  expect(planInclusion(size - 1, size)).toEqual([[{ level: 2, index: 2 ** 38 }], [{ level: 40, index: 0 }]]);
  expect(planConsistency(2 ** 40, size).flat().at(0)).toEqual({ level: 2, index: 2 ** 38 });
});

function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = Buffer.from(hash);
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}
