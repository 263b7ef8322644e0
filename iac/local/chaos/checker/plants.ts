import type { Evidence } from './evidence.ts';
import type { Finding } from './verdict.ts';

/** A wrong that is put into evidence that was whole, and the check that has to find it. */
export interface Planted {
  readonly what: string;
  readonly by: Finding['check'];
  readonly plant: (evidence: Evidence) => Evidence;
}

/** Every wrong that chaos looks for. A checker that misses one of them proves nothing by finding nothing. */
export const PLANTED: readonly Planted[] = [
  { what: 'an effect that happened twice', by: 'duplicate', plant: (e) => ({ ...e, effects: [...e.effects, { ...applied(e), n: e.effects.length + 1 }] }) },
  { what: 'an effect that happened again under another name', by: 'duplicate', plant: (e) => ({ ...e, effects: [...e.effects, { ...applied(e), n: e.effects.length + 1, reference: `${applied(e).reference}x` }] }) },
  { what: 'two calls that both say that they did it', by: 'duplicate', plant: (e) => ({ ...e, calls: [...e.calls, ...e.calls.filter(isWrite).slice(0, 1).map((call) => ({ ...call, id: 'tcl_planted' }))] }) },
  { what: 'a run that is gone', by: 'lost', plant: (e) => ({ ...e, runs: e.runs.slice(1) }) },
  { what: 'a delivery that is gone', by: 'lost', plant: (e) => ({ ...e, deliveries: e.deliveries.slice(1), runs: e.runs.filter((run) => run.delivery_id !== e.deliveries[0]?.id) }) },
  { what: 'a second run of one event', by: 'lost', plant: (e) => ({ ...e, runs: [...e.runs, { ...first(e.runs), id: 'run_planted' }] }) },
  { what: 'a run that failed for no reason', by: 'lost', plant: (e) => ({ ...e, runs: replaceFirst(e.runs, { state: 'failed', error: { code: 'internal' } }) }) },
  { what: 'an effect that a run owes', by: 'lost', plant: (e) => ({ ...e, effects: e.effects.filter((effect) => effect !== applied(e)) }) },
  { what: 'a run that still runs', by: 'stuck', plant: (e) => ({ ...e, runs: replaceFirst(e.runs, { state: 'running' }) }) },
  { what: 'a step that waits for ever', by: 'stuck', plant: (e) => ({ ...e, steps: replaceFirst(e.steps, { state: 'uncertain' }) }) },
  { what: 'a call of unknown outcome', by: 'stuck', plant: (e) => ({ ...e, calls: replaceFirst(e.calls, { state: 'intended' }) }) },
  { what: 'a lease that nobody ended', by: 'stuck', plant: (e) => ({ ...e, attempts: replaceFirst(e.attempts, { state: 'held', finished_at_ms: null }) }) },
  { what: 'an effect without an intent', by: 'no_intent', plant: (e) => ({ ...e, calls: e.calls.filter((call) => !isCallOf(e, call)) }) },
  { what: 'an effect before its intent was committed', by: 'no_intent', plant: (e) => ({ ...e, decisions: e.decisions.map((decision) => ({ ...decision, committed_at_ms: decision.committed_at_ms + 3_600_000 })) }) },
  { what: 'an effect that was denied', by: 'no_intent', plant: (e) => ({ ...e, decisions: e.decisions.map((decision) => ({ ...decision, outcome: 'DENY' })) }) },
  { what: 'an effect decided about as another one', by: 'no_intent', plant: (e) => ({ ...e, decisions: e.decisions.map((decision) => ({ ...decision, action_digest: 'sha256:other' })) }) },
  { what: 'an approval that was not used', by: 'no_intent', plant: (e) => ({ ...e, approvals: e.approvals.map((approval) => ({ ...approval, state: 'rejected' })) }) },
  { what: 'a write under a lease that had been taken away', by: 'stale_write', plant: (e) => ({ ...e, events: e.events.map((event, i) => (i === lastRelease(e) ? { ...event, body: event.body.replace(/"actor":\{[^}]*\}/, '"actor":{"id":"stale","kind":"worker"}') } : event)) }) },
  { what: 'a claim while the lease before it was held', by: 'stale_write', plant: (e) => ({ ...e, attempts: e.attempts.map((attempt) => (attempt.state === 'expired' ? { ...attempt, finished_at_ms: (attempt.finished_at_ms ?? 0) + 3_600_000 } : attempt)) }) },
  { what: 'a move that the audit does not know', by: 'stale_write', plant: (e) => ({ ...e, steps: replaceFirst(e.steps, { fence: first(e.steps).fence + 1 }) }) },
  { what: 'an event that was changed', by: 'audit', plant: (e) => ({ ...e, events: e.events.map((event, i) => (i === 1 ? { ...event, body: `${event.body} ` } : event)) }) },
  { what: 'an event that was taken out', by: 'audit', plant: (e) => ({ ...e, events: e.events.filter((_, i) => i !== 1) }) },
  { what: 'events cut off at the end', by: 'audit', plant: (e) => ({ ...e, events: e.events.slice(0, -1) }) },
  { what: 'an event that was never sealed', by: 'audit', plant: (e) => ({ ...e, events: e.events.map((event, i) => (i === e.events.length - 1 ? { ...event, seq: null, line: null, hash: null, prev_hash: null } : event)) }) },
  { what: 'crashed steps that nobody took up in time', by: 'resumption', plant: (e) => ({ ...e, attempts: e.attempts.map((attempt) => (attempt.fence > 1 ? { ...attempt, started_at_ms: attempt.started_at_ms + 60_000, finished_at_ms: (attempt.finished_at_ms ?? 0) + 60_000 } : attempt)) }) },
];

function applied(e: Evidence): Evidence['effects'][number] {
  return first(e.effects.filter((effect) => effect.became === 'applied' && effect.action === 'record.update'));
}

function isCallOf(e: Evidence, call: Evidence['calls'][number]): boolean {
  return applied(e).reference.startsWith(`${call.run_id}/`) && isWrite(call);
}

function isWrite(call: Evidence['calls'][number]): boolean {
  return call.risk === 'write' && call.state === 'succeeded';
}

/** The last event by which a holder let a step go. */
function lastRelease(e: Evidence): number {
  return e.events.findLastIndex((event) => event.type === 'step.state_changed' && event.body.includes('"from":"leased"'));
}

function first<T>(items: readonly T[]): T {
  return items[0] as T;
}

function replaceFirst<T extends object>(items: readonly T[], changes: Partial<T>): T[] {
  return items.map((item, i) => (i === 0 ? { ...item, ...changes } : item));
}
