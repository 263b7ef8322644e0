import type { OrderResults } from '@countersign/contracts/agent/order-results.ts';
import { MAX_ENTRY_BYTES } from '@countersign/contracts/agent/spool-entry.ts';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { OrderKind } from '@countersign/contracts/agent/work-order.ts';
import type { CallError } from '@countersign/connectors/gateway/ports.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { SpoolTransaction } from '../spool/transaction.ts';

/** How an order ended, as it will be told: `result` is what its kind answers with. */
export interface OrderOutcome<Kind extends OrderKind = OrderKind> {
  readonly state: OutcomeBody['state'];
  readonly result: Kind extends keyof OrderResults ? OrderResults[Kind] : null;
  readonly error: CallError | null;
  readonly usage: OutcomeBody['usage'];
  readonly exchanges: OutcomeBody['exchanges'];
  readonly duration_ms: number;
}

export const NO_EXCHANGES: OutcomeBody['exchanges'] = { request_digest: null, response_digest: null, may_have_changed: false };
const MESSAGE_CHARACTERS = 4_000;

/** Says how an order ended, once and for all: it is not gone on with after this commit. */
export function tellOutcome(tx: SpoolTransaction, order: { readonly id: string; readonly changesSomething: boolean }, outcome: OrderOutcome): void {
  tx.append('outcome', bodyOf(order.id, fitting(order, outcome)));
  tx.moveOrder(order.id, 'ended');
}

function bodyOf(order_id: string, { state, result, error, usage, exchanges, duration_ms }: OrderOutcome): OutcomeBody {
  return {
    order_id, state, usage, exchanges, duration_ms, result: result as OutcomeBody['result'], error: error === null ? null : errorBody(error),
  };
}

function errorBody({ code, message, retryable, retryAfterMs }: CallError): OutcomeBody['error'] {
  return { code, message: message.slice(0, MESSAGE_CHARACTERS), retryable, retry_after_ms: retryAfterMs ?? null };
}

/** What cannot be told as it is: a write has happened whatever it answered, so only its answer is left out; of anything else the answer is the point. */
function fitting({ changesSomething }: { readonly changesSomething: boolean }, outcome: OrderOutcome): OrderOutcome {
  const problem = problemOf(outcome);
  if (problem === null || outcome.result === null) return outcome;
  if (changesSomething && 'output' in outcome.result) return { ...outcome, result: { ...outcome.result, output: null } };
  const message = `The answer ${problem}, so an agent cannot deliver it. Ask for less: fewer records, or fewer fields.`;
  return { ...outcome, state: 'failed', result: null, error: { code: 'outcome_too_large', retryable: false, message } };
}

function problemOf({ result, error }: OrderOutcome): string | null {
  try {
    // As deep as it is in a delivery: what is too deep there has no canonical text here.
    const bytes = Buffer.byteLength(canonicalText([[[{ result, error }]]], 4 * MAX_ENTRY_BYTES));
    return bytes > MAX_ENTRY_BYTES - ENVELOPE_BYTES ? `is ${bytes} bytes` : null;
  } catch {
    return `is larger than ${4 * MAX_ENTRY_BYTES} bytes, nested too deep or has no canonical JSON`;
  }
}

/** Everything of a body but its result and error. */
const ENVELOPE_BYTES = 64 * 1024;
