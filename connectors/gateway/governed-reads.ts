import type { JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { CallIdentity } from './call-identity.ts';
import type { Gateway } from './ports.ts';

export interface GovernedReads {
  readonly gateway: Pick<Gateway, 'call'>;
  /** Whose reads they are; each has a call key of its own under `callKey`. */
  readonly identity: CallIdentity;
  readonly instanceName: string;
  readonly signal: AbortSignal;
}

/**
 * The calls of a reconciler, which no step asked for: each is decided on and recorded like every other, under an identity of the system's own.
 * They throw ConnectorError.
 */
export function governedReads({ gateway, identity, instanceName, signal }: GovernedReads): (action: string, parameters: JsonObject) => Promise<JsonObject> {
  let count = 0;
  return async (action, parameters) => {
    count += 1;
    const labels = Object.fromEntries(Object.keys(parameters).map((name) => [`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, ['configuration'] as const]));
    const result = await gateway.call({ identity: { ...identity, callKey: `${identity.callKey}/${action}#${count}` }, action, instanceName, parameters, labels, model: null, signal });
    if (result.kind === 'succeeded') return result.output;
    if (result.kind === 'failed' || result.kind === 'uncertain') throw new ConnectorError({ code: 'nested_call_failed', message: result.error.message, effect: 'none', retryable: true });
    // Whoever reads the log must tell a bundle that is too old from a rule that says no.
    const why = result.kind === 'denied' ? result.reasons.map((reason) => `${reason.rule}: ${reason.message}`).join('; ') : result.kind;
    throw new ConnectorError({ code: 'nested_call_denied', message: `${action} was not allowed: ${why}`, effect: 'none', retryable: true });
  };
}
