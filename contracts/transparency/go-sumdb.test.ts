import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EMPTY_FRONTIER, grow, hashesOf, leafHash, nodeHash, planConsistency, planInclusion, rootOf, verifyConsistency, verifyInclusion } from './merkle.ts';
import type { TreeNode } from './merkle.ts';
import { formatVerifierKey, isSignedBy, parseNote, parseVerifierKey } from './note.ts';

/** What another implementation makes of the same records: golang.org/x/mod v0.42.0 (sumdb/note and sumdb/tlog), by `vectors/go-sumdb/make.go`. */
interface Proof { readonly from: number; readonly size: number; readonly hashes: readonly string[] }
interface Vectors { readonly vkey: string; readonly note: string; readonly roots: Readonly<Record<string, string>>; readonly inclusion: readonly Proof[]; readonly consistency: readonly Proof[] }

const given = JSON.parse(readFileSync(new URL('vectors/go-sumdb/vectors.json', import.meta.url), 'utf8')) as Vectors;
const leaf = (index: number): Uint8Array => leafHash(`record ${index}`);
const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
const root = (size: number): Buffer => bytes(given.roots[size]!);
const base64 = (hashes: readonly Uint8Array[]): string[] => hashes.map((one) => Buffer.from(one).toString('base64'));

function nodeOf({ level, index }: TreeNode): Uint8Array {
  return level === 0 ? leaf(index) : nodeHash(nodeOf({ level: level - 1, index: 2 * index }), nodeOf({ level: level - 1, index: 2 * index + 1 }));
}

test('a note that Go has signed holds by its key, and no longer when it says something else', () => {
  const key = parseVerifierKey(given.vkey)!;
  const note = parseNote(given.note)!;
  expect([formatVerifierKey(key), isSignedBy(note, key), isSignedBy({ ...note, text: note.text.replace('100', '101') }, key)]).toEqual([given.vkey, true, false]);
  expect(note.text.split('\n')[2], 'and names the root that we compute').toBe(Buffer.from(root(100)).toString('base64'));
});

test('our trees of 1 to 100 records have the roots that Go gives them', () => {
  let frontier = EMPTY_FRONTIER;
  for (let size = 1; size <= 100; size += 1) {
    frontier = grow(frontier, [leaf(size - 1)]);
    expect([size, Buffer.from(rootOf(frontier)).toString('base64')]).toEqual([size, given.roots[size]]);
  }
});

test.each(given.inclusion)('the proof of record $from in $size is the one that Go makes, and holds for that record alone', ({ from, size, hashes }) => {
  expect(base64(hashesOf(planInclusion(from, size), nodeOf))).toEqual(hashes);
  const proof = { leafIndex: from, treeSize: size, hashes: hashes.map(bytes) };
  expect([verifyInclusion(proof, leaf(from), root(size)), verifyInclusion(proof, leaf(size), root(size))]).toEqual([true, false]);
});

test.each(given.consistency)('the proof that $size begins with $from is the one that Go makes, and holds for these roots alone', ({ from, size, hashes }) => {
  expect(base64(hashesOf(planConsistency(from, size), nodeOf))).toEqual(hashes);
  const proof = { from, to: size, hashes: hashes.map(bytes) };
  expect([verifyConsistency(proof, root(from), root(size)), verifyConsistency(proof, root(from === 1 ? 2 : from - 1), root(size))]).toEqual([true, false]);
});
