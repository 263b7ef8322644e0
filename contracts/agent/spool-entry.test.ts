import { describe, expect, it } from 'vitest';
import { entryHash, FIRST_PREV_HASH } from './spool-entry.ts';

const ENTRY = { seq: 1, kind: 'agent.started', occurred_at: '2026-11-21T10:00:00.000Z', clock_offset_ms: 0, body: { version: '0.1.0' } } as const;

describe('the hash of an entry', () => {
  it('is over everything that the entry says, its epoch and what came before', () => {
    const hashes = [
      entryHash('e1', FIRST_PREV_HASH, ENTRY),
      entryHash('e2', FIRST_PREV_HASH, ENTRY),
      entryHash('e1', '1'.repeat(64), ENTRY),
      entryHash('e1', FIRST_PREV_HASH, { ...ENTRY, seq: 2 }),
      entryHash('e1', FIRST_PREV_HASH, { ...ENTRY, kind: 'agent.stopped' }),
      entryHash('e1', FIRST_PREV_HASH, { ...ENTRY, occurred_at: '2026-11-21T10:00:00.001Z' }),
      entryHash('e1', FIRST_PREV_HASH, { ...ENTRY, clock_offset_ms: 1 }),
      entryHash('e1', FIRST_PREV_HASH, { ...ENTRY, body: { version: '0.1.1' } }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('does not depend on the order in which members were written', () => {
    const { body, ...rest } = ENTRY;
    expect(entryHash('e1', FIRST_PREV_HASH, { body, ...rest })).toBe(entryHash('e1', FIRST_PREV_HASH, ENTRY));
  });

  it('is refused where the body has no one spelling', () => {
    expect(() => entryHash('e1', FIRST_PREV_HASH, { ...ENTRY, body: { version: '\ud800' } })).toThrow(/canonical/);
  });
});
