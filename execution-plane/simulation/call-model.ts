import { SEND_WITHIN_MS } from '@countersign/connectors/gateway/held-lease.ts';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallResult } from '@countersign/connectors/gateway/ports.ts';
import type { Monitor, StepKind } from './monitor.ts';
import type { Holding, ModelCall } from './store-model.ts';
import type { World } from './world.ts';

/** Waits so many milliseconds each time it yields. */
export type Turn<T> = Generator<number, T, void>;

export interface CallOptions {
  readonly world: World;
  readonly holding: Holding;
  /** An effect of unknown outcome is found out about, and nothing is sent any more. */
  readonly onlyFindOut: 'run_cancelled' | 'attempts_exhausted' | null;
  /** One transaction, with what may go wrong on the way there and back. */
  readonly tx: <T>(work: (now: number) => T) => Turn<T>;
  /** Whether its signal has aborted: the lease is known to be lost. */
  readonly isLost: () => boolean;
}

const LOOK_UP_MS = 20;

type Ended = Exclude<CallResult, { kind: 'routed' | 'denied' }>;

/** The protocol of the gateway around one effect, as `connectors/gateway` has it: earlier effect, approval, intent, egress, outcome. */
export function* callOf(options: CallOptions): Turn<Ended> {
  const { world, holding, onlyFindOut } = options;
  const kind = world.kindOf(holding.stepId);
  if (kind.does === 'read') return yield* read(options);
  const settled = yield* settleEarlier(options, kind);
  if (settled !== null) return settled;
  if (onlyFindOut !== null) return failed(onlyFindOut, onlyFindOut === 'run_cancelled');
  const approval = yield* approvalFor(options, kind);
  if (approval.ended !== null) return approval.ended;
  return yield* sendOnce(options, approval.id);
}

function* read({ world }: CallOptions): Turn<Ended> {
  const answer = world.peer.has('');
  yield LOOK_UP_MS;
  return answer === null ? failed('peer_unavailable', true) : succeeded('read');
}

function* settleEarlier({ world, holding, tx, onlyFindOut }: CallOptions, kind: StepKind): Turn<Ended | null> {
  const { store, monitor, timeline, settings, flaws } = world;
  const effect = yield* tx(() => { const found = store.findEffect(holding.stepId); return found === null ? null : { ...found }; });
  if (effect === null) return null;
  if (effect.state === 'succeeded') return succeeded(effect.id);
  const settle = (to: 'succeeded' | 'failed' | 'uncertain', unseen = false): Turn<void> => tx((now) => { store.settleCall(now, holding, effect.id, to, unseen); monitor.wrote(now, holding, false); });
  yield LOOK_UP_MS;
  const happened = lookUp(world, effect, kind, onlyFindOut !== null);
  world.say(() => `${holding.worker} looks ${effect.id} of ${holding.stepId} up: ${String(happened)}`);
  if (happened === true) {
    yield* settle('succeeded');
    return succeeded(effect.id);
  }
  const unsettledMs = settings.timeoutMs + SEND_WITHIN_MS - (timeline.now - effect.intendedAt);
  if (happened === 'never known') {
    if (effect.state === 'intended') yield* settle('uncertain');
    return uncertain(effect, { retryable: false });
  }
  if (happened === null || (kind.does !== 'keyed' && unsettledMs > 0 && !flaws.has('asks_too_early'))) {
    if (effect.state === 'intended') yield* settle('uncertain');
    return uncertain(effect, happened === null ? {} : { retryAfterMs: unsettledMs });
  }
  yield* settle('failed', kind.does === 'keyed' && onlyFindOut === null);
  return null;
}

/** What the system of record says; null when it could not be asked. What the peer does once anyway may be sent again, where anything is sent at all. */
function lookUp({ peer, flaws }: World, effect: ModelCall, kind: StepKind, nothingIsSent: boolean): boolean | null | 'never known' {
  if (flaws.has('sends_again')) return false;
  if (kind.does === 'keyed') return nothingIsSent && !flaws.has('gives_up_on_keyed') ? 'never known' : false;
  if (kind.does === 'blind') return flaws.has('blind_retry') ? false : 'never known';
  return peer.has(effect.stepId);
}

function* approvalFor({ world, holding, tx }: CallOptions, kind: StepKind): Turn<{ ended: Ended | null; id: string | null }> {
  if (!kind.approval) return { ended: null, id: null };
  const { store } = world;
  const approval = yield* tx((now) => {
    const asked = store.approvals.find(({ id }) => id === store.steps.get(holding.stepId)?.approvalId && id !== null);
    if (asked !== undefined && asked.state !== 'withdrawn') return { ...asked };
    if (!store.holds(now, holding)) return null;
    const fresh = { id: `approval-${store.approvals.length + 1}`, stepId: holding.stepId, state: 'pending' as const };
    store.approvals.push({ ...fresh });
    return fresh;
  });
  if (approval === null) return { ended: failed('internal', true), id: null };
  if (approval.state === 'pending') return { ended: { kind: 'waiting_for_approval', approvalId: approval.id }, id: null };
  if (approval.state === 'rejected') return { ended: { kind: 'refused_by_person', approvalId: approval.id, state: 'rejected' }, id: null };
  return { ended: null, id: approval.id };
}

function* sendOnce(options: CallOptions, approvalId: string | null): Turn<Ended> {
  const { world, holding, tx, isLost } = options;
  const { store, monitor, timeline, flaws, peer } = world;
  const intend = (): Turn<ModelCall | null> => tx((now) => intended(store.intend(now, holding, approvalId), now, holding, monitor));
  const began = timeline.now;
  let call = flaws.has('intent_after_effect') ? null : yield* intend();
  if (call === null && !flaws.has('intent_after_effect')) return failed('idempotency_in_progress', true);
  if (call !== null && !flaws.has('sends_late') && !(yield* mayStillSend(options, began))) {
    const late = call;
    yield* tx((now) => { store.settleCall(now, holding, late.id, 'failed'); monitor.wrote(now, holding, false); });
    return failed('call_aborted', true);
  }
  monitor.sent(holding, world.settings.retry.max_attempts);
  const answer = peer.write(holding.stepId);
  world.say(() => `${holding.worker} sends ${holding.stepId}: ${answer.is} after ${answer.after_ms} ms`);
  yield answer.after_ms;
  call ??= yield* intend();
  if (call === null) return failed('idempotency_in_progress', true);
  const sure = call;
  const to = isLost() || answer.is === 'lost' ? 'uncertain' : answer.is === 'done' ? 'succeeded' : 'failed';
  yield* tx((now) => { store.settleCall(now, holding, sure.id, to); monitor.wrote(now, holding, false); });
  if (to === 'uncertain') return uncertain(sure, { code: 'peer_timeout' });
  if (to === 'succeeded') return succeeded(sure.id);
  return answer.is === 'busy' ? { ...failed('peer_rate_limited', true, 50) } : failed('peer_refused', false);
}

/** As `held-lease.ts`: the lease was proven lately, and the intent is not too old. */
function* mayStillSend({ world: { timeline, store, settings }, holding, tx }: CallOptions, began: number): Turn<boolean> {
  for (let provenAt = began; timeline.now - provenAt > SEND_WITHIN_MS;) {
    const asked = timeline.now;
    yield* tx((now) => { if (!store.holds(now, holding)) throw new StaleLeaseError(holding.stepId, String(holding.fence)); });
    provenAt = asked;
  }
  return timeline.now - began <= settings.timeoutMs;
}

function intended(call: ModelCall | null, now: number, holding: Holding, monitor: Monitor): ModelCall | null {
  if (call === null) return null;
  monitor.wrote(now, holding, false);
  monitor.intended(call);
  return call;
}

function succeeded(callId: string): Ended {
  return { kind: 'succeeded', callId, output: {}, outputLabels: [], receipt: null };
}

function failed(code: 'peer_unavailable' | 'peer_rate_limited' | 'peer_refused' | 'run_cancelled' | 'attempts_exhausted' | 'internal' | 'idempotency_in_progress' | 'call_aborted', retryable: boolean, retryAfterMs?: number): Ended {
  return { kind: 'failed', error: { code, message: code, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } };
}

function uncertain(call: ModelCall, { code = 'outcome_unknown', retryable = true, retryAfterMs }: { code?: 'outcome_unknown' | 'peer_timeout'; retryable?: boolean; retryAfterMs?: number }): Ended {
  return { kind: 'uncertain', callId: call.id, error: { code, message: code, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } };
}
