import { expect, it } from 'vitest';
import { auditOf } from '../../testing/data/audit.ts';
import { inclusionOf, leavesOf, rootAt } from '../../testing/data/audit-tree.ts';
import { runOf } from '../../testing/data/runs.ts';
import { computeInclusion } from './inclusion.ts';

const events = auditOf([runOf(1, 'succeeded', Date.parse('2026-11-21T12:00:00Z')), runOf(2, 'waiting', Date.parse('2026-11-21T13:00:00Z'))]).toReversed();
const leaves = leavesOf(events);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const proofOf = (place: number, size: number) => inclusionOf(leaves, place, size);

it('every event of every tree leads to its root, as the server computes them', async () => {
  for (let size = 1; size <= events.length; size += 1) {
    const root = rootAt(leaves, size);
    for (const [place, sealed] of events.slice(0, size).entries()) {
      expect(await computeInclusion(sealed, proofOf(place, size))).toEqual({ hash: sealed.hash, leaf: base64(leaves[place]!), root });
    }
  }
});

it('an event that is another, a path that is another, or one of another length leads elsewhere', async () => {
  const first = events[0]!;
  const size = events.length;
  const root = rootAt(leaves, size);
  const rootWith = async (sealed: typeof first, proof: ReturnType<typeof proofOf>): Promise<string | null | undefined> => (await computeInclusion(sealed, proof))?.root;
  const proof = proofOf(0, size);
  expect(await rootWith(first, proof)).toBe(root);
  expect(await rootWith({ ...first, event: { ...first.event, run_id: 'run_other' } }, proof)).not.toBe(root);
  expect(await rootWith({ ...first, seq: 2 }, proof)).not.toBe(root);
  expect(await rootWith(first, { ...proof, hashes: proof.hashes.toReversed() })).not.toBe(root);
  expect(await rootWith(first, { ...proof, hashes: proof.hashes.slice(1) })).toBeNull();
  expect(await rootWith(first, { ...proof, hashes: [...proof.hashes, proof.hashes[0] ?? ''] })).toBeNull();
  expect(await rootWith(first, { ...proof, leaf_index: size })).toBeNull();
});
