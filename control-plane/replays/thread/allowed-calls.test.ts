import { expect, test } from 'vitest';
import { AllowedCalls, DAY_MS } from './allowed-calls.ts';

const call = (at_ms: number, changes: { action?: string; instance_id?: string; workflow?: string } = {}) => ({ action: 'desk/ticket.update', instance_id: 'ins_1', workflow: 'triage', at_ms, ...changes });
const T = 10 * DAY_MS;

test('windows slide, and what lies exactly a minute back is out of it', () => {
  const calls = new AllowedCalls();
  for (const back of [DAY_MS + 1, DAY_MS, DAY_MS - 1, 3_600_000, 3_599_999, 60_000, 59_999, 1]) calls.add(call(T - back));
  expect(calls.countersOf(call(T)).action).toEqual({ minute: 2, hour: 4, day: 6 });
});

test('each counts what is its own', () => {
  const calls = new AllowedCalls();
  calls.add(call(T - 1, { action: 'desk/ticket.get' }));
  calls.add(call(T - 1, { instance_id: 'ins_2' }));
  calls.add(call(T - 1, { workflow: 'other' }));
  const { action, instance, workflow } = calls.countersOf(call(T));
  expect([action.day, instance.day, workflow.day]).toEqual([2, 2, 2]);
  expect(calls.countersOf(call(T, { action: 'x/y', instance_id: 'ins_9', workflow: 'z' }))).toEqual({ action: { minute: 0, hour: 0, day: 0 }, instance: { minute: 0, hour: 0, day: 0 }, workflow: { minute: 0, hour: 0, day: 0 } });
});

test('what is forgotten is not counted, also when much is', () => {
  const calls = new AllowedCalls();
  for (let at = 0; at < 5_000; at += 1) calls.add(call(at));
  expect(calls.countersOf(call(2_500 + DAY_MS)).action.day).toBe(2_499);
  calls.add(call(2_500 + DAY_MS));
  expect(calls.countersOf(call(4_999 + DAY_MS)).action).toEqual({ minute: 1, hour: 1, day: 1 });
});
