import { expect, it } from 'vitest';
import { lastCosignatureOf } from './last-cosignature.ts';

const CHECKPOINTS = [
  { size: 30, cosignatures: [] },
  { size: 20, cosignatures: [{ witness_id: 'wit_2', name: 'two', cosigned_at: '2026-11-21T02:00:00Z' }] },
  { size: 10, cosignatures: [{ witness_id: 'wit_1', name: 'one', cosigned_at: '2026-11-21T01:00:00Z' }, { witness_id: 'wit_2', name: 'two', cosigned_at: '2026-11-21T01:00:01Z' }] },
];

it('is the newest of the witness itself', () => {
  expect(lastCosignatureOf('wit_1', CHECKPOINTS)).toEqual({ size: 10, cosigned_at: '2026-11-21T01:00:00Z' });
  expect(lastCosignatureOf('wit_2', CHECKPOINTS)).toEqual({ size: 20, cosigned_at: '2026-11-21T02:00:00Z' });
  expect(lastCosignatureOf('wit_3', CHECKPOINTS)).toBeNull();
});
