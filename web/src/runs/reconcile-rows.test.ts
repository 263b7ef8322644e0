import { describe, expect, it } from 'vitest';
import { reconcileRows } from './reconcile-rows.ts';

const row = (id: string, state = 'running'): { id: string; state: string } => ({ id, state });

describe('reconcileRows', () => {
  it('shows the first answer as it is', () => {
    expect(reconcileRows([], [row('b'), row('a')])).toEqual({ rows: [row('b'), row('a')], newCount: 0, gone: new Set() });
  });
  it('updates rows in place and counts new ones without showing them', () => {
    const { rows, newCount } = reconcileRows([row('b'), row('a')], [row('d'), row('c'), row('a', 'succeeded'), row('b')]);
    expect(rows).toEqual([row('b'), row('a', 'succeeded')]);
    expect(newCount).toBe(2);
  });
  it('keeps rows that fell out of the answer, and marks them', () => {
    const { rows, gone } = reconcileRows([row('b'), row('a')], [row('c'), row('b')]);
    expect(rows.map(({ id }) => id)).toEqual(['b', 'a']);
    expect([...gone]).toEqual(['a']);
  });
});
