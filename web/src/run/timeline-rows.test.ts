import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { describe, expect, it } from 'vitest';
import { placeOf, timelineRows } from './timeline-rows.ts';

type Schemas = components['schemas'];
type Entry = Schemas['TimelineEntry'];

const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString();
const ms = (second: number): number => Date.parse(at(second));
const step = (parts: Partial<Schemas['TimelineStep']>): Schemas['TimelineStep'] => ({
  id: 'stp_1', key: 'update', uses: 'servicenow/incident.update', state: 'leased', attempt: 1, max_attempts: 5, created_at: at(1), available_at: at(1), started_at: at(2), finished_at: null,
  next_attempt_at: null, lease: null, waiting_for: null, error: null, ...parts,
});
const entry = (kind: Entry['kind'], from: number, to: number | null, result: string | null, parts: Partial<Entry> = {}): Entry => ({
  at: at(from), ended_at: to === null ? null : at(to), kind, id: `${kind}-${from}`, step_key: 'update', result, worker: null, fence: null, attempt: null, action: null, by: null, message: null, error: null, ...parts,
});
const waiting = (kind: NonNullable<Schemas['TimelineStep']['waiting_for']>['kind'], message: string) => ({ kind, message, until: null, approval_id: null, needs: [] });

describe('timelineRows', () => {
  it('makes bars of what takes time, and none of what does not', () => {
    const { from_ms, to_ms, rows } = timelineRows({
      at: at(30), state: 'running', steps: [step({})],
      entries: [entry('created', 0, null, 'queued', { step_key: null }), entry('attempt', 2, 5, 'retrying', { attempt: 1 }), entry('decision', 3, null, 'ALLOW'), entry('attempt', 20, null, null, { attempt: 2 })],
    });
    expect([from_ms, to_ms]).toEqual([ms(0), ms(30)]);
    expect(rows[0]?.spans).toEqual([
      { kind: 'attempt', from_ms: ms(2), to_ms: ms(5), open: false, tone: 'wait', text: 'attempt 1: retrying' },
      { kind: 'attempt', from_ms: ms(20), to_ms: ms(30), open: true, tone: 'run', text: 'attempt 2: under way' },
    ]);
  });

  it('shows what a step waits for since the last thing that happened to it', () => {
    const { rows } = timelineRows({ at: at(30), state: 'running', steps: [step({ state: 'retrying', waiting_for: waiting('retry', 'It is tried again.') })], entries: [entry('attempt', 2, 5, 'retrying')] });
    expect(rows[0]?.spans.at(-1)).toEqual({ kind: 'wait', from_ms: ms(5), to_ms: ms(30), open: true, tone: 'idle', text: 'It is tried again.' });
  });

  it('an approval that waits is the wait itself', () => {
    const { rows } = timelineRows({ at: at(30), state: 'waiting', steps: [step({ state: 'waiting', waiting_for: waiting('approval', 'A person decides.') })], entries: [entry('approval', 6, null, 'pending', { action: 'servicenow/incident.update' })] });
    expect(rows[0]?.spans).toEqual([{ kind: 'approval', from_ms: ms(6), to_ms: ms(30), open: true, tone: 'wait', text: 'approval servicenow/incident.update: pending' }]);
  });

  it.each([['succeeded', 'ok'], ['dead', 'bad'], ['expired', 'bad'], ['lease_expired', 'bad'], ['lease_returned', 'idle'], ['cancelled', 'idle']])('a call that %s is %s', (result, tone) => {
    const { rows } = timelineRows({ at: at(9), state: 'running', steps: [step({})], entries: [entry('call', 2, 3, result)] });
    expect(rows[0]?.spans[0]?.tone).toBe(tone);
  });

  it('of nothing is a scale that can be divided by', () => {
    const { from_ms, to_ms } = timelineRows({ at: at(0), state: 'queued', steps: [], entries: [] });
    expect(to_ms - from_ms).toBe(1);
  });
});

it('places a bar in percent of the whole', () => {
  expect(placeOf({ from_ms: ms(5), to_ms: ms(10) }, { from_ms: ms(0), to_ms: ms(20) })).toEqual({ left: 25, width: 25 });
  expect(placeOf({ from_ms: ms(5), to_ms: ms(4) }, { from_ms: ms(0), to_ms: ms(20) })).toEqual({ left: 25, width: 0 });
});
