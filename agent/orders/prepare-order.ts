import type { PrepareResult } from '@countersign/contracts/agent/order-results.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import type { RunningOrder } from '../gateway/running-order.ts';
import { failedWith, notCarriedOut } from './ending.ts';
import type { Ending } from './ending.ts';
import { callOf } from './execute-order.ts';
import { NO_EXCHANGES } from './outcome-entry.ts';

/** Says exactly what would be sent: it reads, each read decided on by itself, and changes nothing. What becomes of it people and policy decide in the cell. */
export async function prepareOrder(gateway: Pick<RunningGateway, 'prepare'>, running: RunningOrder): Promise<Ending> {
  const started = performance.now();
  const result = await gateway.prepare(callOf(running), running.order.follows_approval);
  const record = { usage: running.usage, duration_ms: Math.round(performance.now() - started) };
  if (result.kind === 'failed' || result.kind === 'uncertain') return failedWith(result.error, record);
  if (result.kind !== 'prepared') return notCarriedOut(result);
  const { prepared: { parameters, target, preview }, digest } = result;
  const answer: PrepareResult = { parameters, target, preview: preview as unknown as JsonObject, action_digest: digest };
  return { outcome: { ...record, state: 'succeeded', error: null, exchanges: NO_EXCHANGES, result: answer } };
}
