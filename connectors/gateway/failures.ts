import { ConnectorError } from '../sdk/errors.ts';
import type { GatewayLog } from './parts.ts';
import type { Call } from './call.ts';
import type { CallError } from './ports.ts';

/** What a connector threw, in the engine's words. What is no `ConnectorError` is a bug: logged whole, told in one sentence. */
export function callErrorOf(log: GatewayLog, call: Call, error: unknown): CallError {
  if (error instanceof ConnectorError) {
    return { code: error.code, message: error.message, retryable: error.retryable, ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }) };
  }
  const { identity, action } = call.request;
  log.error({ err: error, action, run_id: identity.run.id, step_id: identity.step.id, call_key: identity.callKey }, 'a connector threw something that is no ConnectorError');
  return { code: 'internal', message: `${action} failed in a way that it does not know itself; the log of the worker has more.`, retryable: false };
}
