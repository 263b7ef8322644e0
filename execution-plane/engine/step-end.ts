import type { RUN_ERROR_CODES } from '@countersign/contracts/errors/catalogue.ts';
import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { isStopped } from '@countersign/connectors/gateway/kill-switch.ts';
import type { CallError, CallResult } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { PartLabels } from '@countersign/platform/expressions/labels.ts';
import { backoffMs } from './backoff.ts';

/** Why a step or a run did not succeed: a code of `RUN_ERROR_CODES` or of the connector. */
export interface StepError {
  readonly code: (typeof RUN_ERROR_CODES)[number] | CallError['code'];
  readonly message: string;
  readonly data?: JsonObject;
}

/** How a worker's turn with a step ends. */
export type StepEnd =
  /** `parts`: where the output was put together from values of different origin; `labels` is all of them together. */
  | { readonly to: 'succeeded'; readonly output: JsonObject; readonly labels: readonly Label[]; readonly parts?: PartLabels }
  | { readonly to: 'skipped' }
  | Waiting
  /** `attemptGivenBack`: nothing was tried, so it does not count. */
  | { readonly to: 'retrying' | 'uncertain'; readonly delayMs: number; readonly error: StepError; readonly attemptGivenBack?: boolean }
  | { readonly to: 'failed' | 'dead'; readonly error: StepError; readonly approvalId?: string }
  | { readonly to: 'cancelled'; readonly error: StepError; readonly approvalId?: string };

/**
 * What a step waits for: an approval; or a time, from now by the database's clock (`delayMs`) or given (`wakeAt`, RFC 3339); or what it has
 * begun itself (`holds`), its items or a run, which is not called back by forgetting about it.
 */
export interface Waiting {
  readonly to: 'waiting';
  readonly approvalId: string | null;
  readonly delayMs?: number;
  readonly wakeAt?: string;
  readonly holds?: boolean;
}

export interface Turn {
  /** Of this claim; the first is 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly retry: StepDefinition['retry'];
  /** In [0, 1). */
  readonly random: number;
}

/**
 * What the gateway answered, as an end of the step.
 *
 * `failed` is for what somebody or something refused and trying again would not change (policy, a person, a closed target);
 * `dead` is for what broke: a permanent error, attempts that ran out, an effect that nobody can account for. Both can be redriven.
 */
export function endOfCall(result: CallResult, turn: Turn): StepEnd {
  switch (result.kind) {
    case 'succeeded': return { to: 'succeeded', output: result.output, labels: result.outputLabels };
    case 'routed': return { to: 'failed', error: { code: 'route_loop', message: `Policy sends the call to ${result.target}, and what asked does not go there. Mend the rule that routes.` } };
    case 'waiting_for_approval': return { to: 'waiting', approvalId: result.approvalId };
    case 'denied': return isStopped(result.reasons) ? { to: 'retrying', delayMs: STOPPED_MS, error: stoppedError(result), attemptGivenBack: true } : { to: 'failed', error: deniedError(result) };
    case 'refused_by_person': return { to: 'failed', error: { code: `approval_${result.state}`, message: refusalMessage(result.state), data: { approval_id: result.approvalId } } };
    case 'failed': return endOfFailure(result.error, turn);
    case 'uncertain': return endOfUncertainty(result.callId, result.error, turn);
    default: return unreachable(result);
  }
}

export function endOfFailure(error: CallError, turn: Turn): StepEnd {
  const plain: StepError = { code: error.code, message: error.message };
  if (!error.retryable) return { to: REFUSALS.has(error.code) ? 'failed' : 'dead', error: plain };
  if (error.code === STOPPED) return { to: 'retrying', delayMs: STOPPED_MS, error: plain, attemptGivenBack: true };
  if (NOT_NOW.has(error.code)) return { to: 'retrying', delayMs: waitMs(error.retryAfterMs, turn.random), error: plain, attemptGivenBack: true };
  const maxAttempts = RETRIED_ONCE.has(error.code) ? Math.min(2, turn.maxAttempts) : turn.maxAttempts;
  if (turn.attempt >= maxAttempts) return { to: 'dead', error: exhausted(plain, turn) };
  return { to: 'retrying', delayMs: backoffMs(turn.retry, turn.attempt, turn.random, error.retryAfterMs), error: plain };
}

/**
 * It is claimed again after a back-off, and the gateway then asks the system of record before anything else. Where that cannot tell, now or
 * ever, a person is asked (`outcomes/`): until then nothing claims the step, and nothing is sent.
 */
function endOfUncertainty(callId: string, error: CallError, turn: Turn): StepEnd {
  const plain: StepError = { code: error.code, message: error.message };
  const wasLookedUp = error.code === 'outcome_unknown';
  // What was sent may still arrive: that is waited for, and no attempt.
  if (wasLookedUp && error.retryable && error.retryAfterMs !== undefined) return { to: 'uncertain', delayMs: error.retryAfterMs, error: plain, attemptGivenBack: true };
  if (wasLookedUp && (!error.retryable || turn.attempt >= turn.maxAttempts)) {
    return { to: 'uncertain', delayMs: UNTIL_ASKED_MS, error: { code: 'outcome_unknown', message: `Nobody can tell whether the effect happened, so a person is asked. ${error.message}`, data: { question_of_call: callId } } };
  }
  return endOfUnknown(error, turn);
}

/** What was sent, if anything, is found out about after a back-off. */
export function endOfUnknown(error: CallError, turn: Turn): StepEnd {
  return { to: 'uncertain', delayMs: backoffMs(turn.retry, turn.attempt, turn.random, error.retryAfterMs), error: { code: error.code, message: error.message } };
}

/** Nothing new begins in a run that is being cancelled, by a person or by its deadline. What was sent, or begun, is still found out about. */
export function endWhileCancelling(end: StepEnd, overdue: boolean): StepEnd {
  if (end.to !== 'retrying' && end.to !== 'waiting') return end;
  if (end.to === 'waiting' && end.holds === true) return end;
  const approval = end.to === 'waiting' && end.approvalId !== null ? { approvalId: end.approvalId } : {};
  if (overdue) return { to: 'failed', error: RUN_OVERDUE, ...approval };
  return { to: 'cancelled', error: { code: 'run_cancelled', message: 'The run was cancelled before this step had an effect.' }, ...approval };
}

/**
 * The worker stops and has ended the turn itself: nobody's failure, so that the next worker takes the step up at once and at no attempt. A question
 * to a person stays one.
 */
export function endWhileStopping<End extends StepEnd>(end: End): End | StepEnd {
  if (end.to === 'dead' && end.error.code === 'attempts_exhausted') return { to: 'retrying', delayMs: 0, error: end.error, attemptGivenBack: true };
  if (end.to !== 'retrying' && end.to !== 'uncertain') return end;
  return end.error.data?.['question_of_call'] === undefined ? { ...end, delayMs: 0, attemptGivenBack: true } : end;
}

export const RUN_OVERDUE: StepError = { code: 'deadline_exceeded', message: 'The deadline of its run is over. Redrive it, which begins the deadline anew, or start a new run.' };
export const STEP_OVERDUE: StepError = { code: 'deadline_exceeded', message: 'The deadline of the step is over. Redrive it, which begins the deadline anew, or give it more time in the workflow (deadline_ms).' };

export function refusalMessage(state: 'rejected' | 'expired' | 'withdrawn'): string {
  return { rejected: 'A person rejected it.', expired: 'Nobody decided in time; expiry denies.', withdrawn: 'The request was withdrawn.' }[state];
}

/**
 * The call may not be made now: the instance is down, has asked for silence or is busy with our own calls; no agent of its pool is there; calls under way hold what is left
 * of a budget; another step does the same effect; policy holds it back; whether somebody stopped it cannot be read. Nothing was sent, so
 * however long it lasts it uses up no attempt.
 */
const NOT_NOW: ReadonlySet<string> = new Set(['policy_throttled', 'circuit_open', 'instance_rate_limited', 'instance_busy', 'agent_unavailable', 'budget_reserved', 'idempotency_in_progress', 'situation_unknown', 'run_cancelled']);

/** Every answer of a model is billed, and one that breaks its schema twice will break it again. */
const RETRIED_ONCE: ReadonlySet<string> = new Set(['model_answer_invalid']);

/** Not all at the same moment: the steps that wait for one instance come back spread over a quarter of the wait, and a second. */
function waitMs(retryAfterMs: number | undefined, random: number): number {
  const asked = Math.min(retryAfterMs ?? 1_000, 3_600_000);
  return Math.ceil(asked + random * (asked / 4 + 1_000));
}

/** Errors by which the target itself refuses: nothing is broken, and the same request will be refused again. */
const REFUSALS: ReadonlySet<string> = new Set(['target_closed', 'peer_forbidden', 'host_not_allowed', 'address_not_allowed', 'redirect_not_allowed', 'nested_call_denied', 'policy_denied', 'deadline_exceeded']);

/** Rules of the decision point and of the gateway themselves: policy could not be asked, or routes in circles. They name the error, so that the run says why. */
/** A question is asked within a second or two. Were it never asked, the step would look for itself again after this. */
const UNTIL_ASKED_MS = 3_600_000;

/** It is let go when the switch is; this is for what might be missed then. */
const STOPPED_MS = 600_000;
/** Of a step that waits for a kill switch: `Sweeper.letGo` makes it ready. */
export const STOPPED = 'stopped_by_kill_switch';

function stoppedError({ decisionId, reasons }: Extract<CallResult, { kind: 'denied' }>): StepError {
  return { code: STOPPED, message: `${reasons.map((reason) => reason.message).join(' ')} It goes on when that is released.`, data: { decision_id: decisionId } };
}

const FAIL_CLOSED = { bundle_missing: 'bundle_missing', bundle_invalid: 'bundle_invalid', bundle_stale: 'bundle_stale', policy_error: 'policy_error', input_invalid: 'policy_error', tenant_mismatch: 'policy_error', policy_timeout: 'policy_timeout', facts_unavailable: 'facts_unavailable', route_loop: 'route_loop' } as const;

function deniedError(denied: Extract<CallResult, { kind: 'denied' }>): StepError {
  const rule = denied.reasons.map((reason) => reason.rule).find((name) => name in FAIL_CLOSED) as keyof typeof FAIL_CLOSED | undefined;
  return {
    code: rule === undefined ? 'policy_denied' : FAIL_CLOSED[rule],
    message: denied.reasons.map((reason) => reason.message).join(' ') || 'Policy denied it.',
    data: { decision_id: denied.decisionId, reasons: denied.reasons.map(({ rule, message }) => ({ rule, message })) },
  };
}

function exhausted(last: StepError, turn: Turn): StepError {
  return { code: 'attempts_exhausted', message: `Gave up after ${turn.attempt} attempts. The last one: ${last.message}`, data: { last_code: last.code } };
}

function unreachable(value: never): never {
  return value;
}
