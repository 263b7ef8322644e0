import type { ReconcileResult } from '@countersign/contracts/agent/order-results.ts';
import type { CallError, CallResult, Gateway } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { RunningOrder } from '../gateway/running-order.ts';
import { notCarriedOut } from './ending.ts';
import type { Ending } from './ending.ts';
import { callOf, fixedBy } from './execute-order.ts';
import { NO_EXCHANGES } from './outcome-entry.ts';

const NOTHING_HAPPENED = 'attempts_exhausted';

/** Finds out what became of an effect: from this agent's own books, else from the system of record. Sends nothing that changes anything. */
export async function reconcileOrder(gateway: Pick<Gateway, 'call'>, running: RunningOrder): Promise<Ending> {
  const started = performance.now();
  const result = await gateway.call({ ...callOf(running), ...fixedBy(running), onlyFindOut: NOTHING_HAPPENED });
  const found = foundBy(running, result);
  if (found === null) return notCarriedOut(result as Parameters<typeof notCarriedOut>[0]);
  const duration_ms = Math.round(performance.now() - started);
  return { outcome: { state: 'succeeded', result: found, error: null, usage: running.usage, exchanges: NO_EXCHANGES, duration_ms } };
}

/** Null where policy did not let it be looked up. */
function foundBy({ hidden }: RunningOrder, result: CallResult): ReconcileResult | null {
  switch (result.kind) {
    case 'succeeded': return { happened: true, output: result.output, receipt: result.receipt as JsonObject | null, hidden };
    case 'failed': return result.error.code === NOTHING_HAPPENED ? { happened: false } : unknown(result.error, false);
    case 'uncertain': return unknown(result.error, !result.error.retryable);
    default: return null;
  }
}

function unknown({ message, retryAfterMs }: CallError, for_good: boolean): ReconcileResult {
  return { happened: 'unknown', why: message, for_good, retry_after_ms: retryAfterMs ?? null };
}
