import type { ExecuteResult } from '@countersign/contracts/agent/order-results.ts';
import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { Broken, ExchangeLog, Performed } from '@countersign/connectors/gateway/performed.ts';
import type { CallError } from '@countersign/connectors/gateway/ports.ts';
import type { Looked } from '@countersign/connectors/gateway/looked.ts';
import { isMeterable } from '@countersign/connectors/gateway/validate-answer.ts';
import type { ActionResult, JsonObject, Prepared, Receipt, Usage } from '@countersign/connectors/sdk/connector.ts';
import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import { isOfShape } from './entry-shapes.ts';

const UNREADABLE: CallError = { code: 'response_invalid', retryable: true, message: 'What the agent delivered of the order is not what the contract says (contracts/agent/spool-entry.schema.json).' };

/**
 * What an `execute` order came to, as if it had been carried out here. An answer that cannot be read says no more than that there was one.
 *
 * @param durationMs since it was ordered
 */
export function performedBy(body: OutcomeBody, changesSomething: boolean, durationMs: number): Performed {
  const { result } = body;
  const record = { exchanges: exchangesOf(body), durationMs, nestedLabels: [] };
  if (body.state !== 'succeeded') return { ...record, state: body.state, error: errorOf(body), usage: meterable(body) };
  if (!isOfShape('execute_result', result)) return { ...record, state: changesSomething ? 'uncertain' : 'failed', error: UNREADABLE, usage: meterable(body) };
  return { state: 'succeeded', result: resultOf(result, body), hidden: hiddenOf(result), judgedThere: result.output === null ? 'output_too_large' : 'whole', ...record, nestedLabels: result.nested_labels };
}

/** Nothing was sent, or nobody knows. */
export function brokenOff(state: Broken['state'], error: CallError, durationMs: number): Performed {
  return { state, error, usage: [], exchanges: NO_EXCHANGES, durationMs, nestedLabels: [] };
}

export function preparedBy(body: OutcomeBody): { readonly prepared: Prepared } | { readonly error: CallError } {
  if (body.state !== 'succeeded') return { error: errorOf(body) };
  if (!isOfShape('prepare_result', body.result)) return { error: UNREADABLE };
  const { parameters, target, preview } = body.result;
  return { prepared: { parameters: parameters as JsonObject, target, preview: preview as Prepared['preview'] } };
}

/** What an agent said of the effect that it was to have; null where it does not know itself, so that it has to be looked for. */
export function effectBy(body: OutcomeBody): Looked | null {
  const { state, result } = body;
  if (state === 'failed') return { happened: false, error: errorOf(body) };
  if (state === 'uncertain' || !isOfShape('execute_result', result)) return null;
  return { happened: true, result: resultOf(result, body), hidden: hiddenOf(result) };
}

/** What an agent found in the system of record. */
export function foundBy(body: OutcomeBody): Looked {
  if (body.state !== 'succeeded') return { happened: 'unknown', why: `The agent could not ask the system of record: ${errorOf(body).message}` };
  const found = body.result;
  if (!isOfShape('reconcile_result', found)) return { happened: 'unknown', why: UNREADABLE.message };
  if (found.happened === true) return { happened: true, result: resultOf(found, body), hidden: hiddenOf(found) };
  if (found.happened === false) return { happened: false };
  const { why, for_good, retry_after_ms } = found;
  return { happened: 'unknown', why, ...(for_good ? { forGood: true } : {}), ...(retry_after_ms === null ? {} : { retryAfterMs: retry_after_ms }) };
}

/** Refusals that pass by themselves: the step waits, as for an instance that is down. */
const PASSING: ReadonlySet<OrderRefusal> = new Set(['draining', 'spool_full', 'clock_untrusted', 'policy_behind']);

/** Why an agent did not take the order: nothing of it has happened. */
export function refusalError(refusal: OrderRefusal, agentId: string): CallError {
  // From an agent that is newer than this cell.
  const says: string = Object.hasOwn(ORDER_REFUSALS, refusal) ? ORDER_REFUSALS[refusal].says : 'It says why in a word that is not known here.';
  const message = `The agent ${agentId} refused the order (${refusal}): ${says}`;
  if (PASSING.has(refusal)) return { code: 'agent_unavailable', message, retryable: true, retryAfterMs: 2_000 };
  if (refusal === 'stopped_by_kill_switch') return { code: refusal, message, retryable: true, retryAfterMs: 5_000 };
  // As where the policy of the cell says no: trying again changes nothing, and nothing is broken.
  if (refusal === 'policy_denied_here') return { code: 'policy_denied', message, retryable: false };
  return { code: 'agent_refused', message, retryable: refusal === 'order_expired' };
}

function errorOf({ error }: OutcomeBody): CallError {
  if (error === null) return { code: 'internal', message: 'The agent does not say what went wrong.', retryable: false };
  const { code, message, retryable, retry_after_ms } = error;
  return { code, message, retryable, ...(retry_after_ms === null ? {} : { retryAfterMs: retry_after_ms }) };
}

function resultOf({ output, receipt }: Pick<ExecuteResult, 'output' | 'receipt'>, body: OutcomeBody): ActionResult {
  // An answer is looked at as a whole where there is one.
  return { output: (output ?? {}) as JsonObject, usage: output === null ? meterable(body) : usageOf(body), ...(receipt === null ? {} : { receipt: receipt as unknown as Receipt }) };
}

function usageOf({ usage }: OutcomeBody): readonly Usage[] {
  return usage;
}

/** What has no price stands in no book: an agent may say anything. */
function meterable(body: OutcomeBody): readonly Usage[] {
  return usageOf(body).filter(isMeterable);
}

function hiddenOf({ hidden }: Pick<ExecuteResult, 'hidden'>): HiddenCharacters {
  return hidden;
}

function exchangesOf({ exchanges: { request_digest, response_digest, may_have_changed } }: OutcomeBody): ExchangeLog {
  return {
    count: () => (request_digest === null ? 0 : 1), requestDigest: () => request_digest, responseDigest: () => response_digest, mayHaveChangedSomething: () => may_have_changed,
  };
}

const NO_EXCHANGES: ExchangeLog = { count: () => 0, requestDigest: () => null, responseDigest: () => null, mayHaveChangedSomething: () => false };
