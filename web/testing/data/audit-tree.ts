import { hash } from 'node:crypto';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { canonicalText } from '@countersign/contracts/transparency/canonical.ts';
import { EMPTY_FRONTIER, grow, hashesOf, leafHash, planInclusion, rootOf } from '@countersign/contracts/transparency/merkle.ts';

type Schemas = components['schemas'];

/** Links events, the oldest first, as the sequencer does: hash upon hash, from the first on. */
export function linked(events: ReadonlyArray<Record<string, unknown>>): Schemas['SealedEvent'][] {
  let prev_hash = '0'.repeat(64);
  return events.map((event, place) => {
    const sealed = { seq: place + 1, prev_hash, hash: hash('sha256', lineOf({ seq: place + 1, prev_hash, event }), 'hex'), event };
    prev_hash = sealed.hash;
    return sealed;
  });
}

/** The leaves of the tree over them, in order. */
export function leavesOf(events: ReadonlyArray<Schemas['SealedEvent']>): Uint8Array[] {
  return events.map((sealed) => leafHash(lineOf(sealed)));
}

/** Root of the tree of the first `size` leaves, base64. */
export function rootAt(leaves: readonly Uint8Array[], size: number): string {
  return base64(rootOf(grow(EMPTY_FRONTIER, leaves.slice(0, size))));
}

/** That the leaf at `place` is in the tree of the first `size`. */
export function inclusionOf(leaves: readonly Uint8Array[], place: number, size: number): Schemas['InclusionProof'] {
  const hashes = hashesOf(planInclusion(place, size), ({ level, index }) => rootOf(grow(EMPTY_FRONTIER, leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))));
  return { leaf_index: place, tree_size: size, hashes: hashes.map(base64) };
}

function lineOf({ seq, prev_hash, event }: Pick<Schemas['SealedEvent'], 'seq' | 'prev_hash' | 'event'>): string {
  return canonicalText({ seq, prev_hash, body_sha256: hash('sha256', canonicalText(event) ?? '', 'hex') }) ?? '';
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
