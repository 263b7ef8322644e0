import { expect, it } from 'vitest';
import { coveringCheckpoint } from './covering-checkpoint.ts';

const signed = { kid: 'checkpoint-1', signed_at: '2026-11-21T00:00:00Z', note: 'a note', root: 'cm9vdA==' };
const cosigned = [{ witness_id: 'wit_1', name: 'one', cosigned_at: '2026-11-21T00:00:01Z' }];
const CHECKPOINTS = [
  { ...signed, number: 4, size: 400, cosignatures: [] }, { ...signed, number: 3, size: 300, cosignatures: cosigned },
  { ...signed, number: 2, size: 200, cosignatures: cosigned }, { ...signed, number: 1, size: 100, cosignatures: [], root: null },
];

it.each([[401, null], [301, 4], [300, 3], [150, 3], [1, 3]])('event %i is proven by checkpoint %s', (seq, number) => {
  expect(coveringCheckpoint(CHECKPOINTS, seq)?.number ?? null).toBe(number);
});

it('one of before there was a tree proves nothing', () => {
  expect(coveringCheckpoint(CHECKPOINTS.slice(3), 50)).toBeNull();
});
