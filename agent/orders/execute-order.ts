import type { CallRequest, Gateway } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { RunningOrder } from '../gateway/running-order.ts';
import { failedWith, mayHaveHappened, notCarriedOut, UNSENT } from './ending.ts';
import type { Ending } from './ending.ts';

/**
 * Does exactly the action that the order names, if the policy of this side lets it. What was stopped between its intent and its outcome is only looked up: whether it
 * is to be sent again is for the cell to say.
 */
export async function executeOrder(gateway: Pick<Gateway, 'call'>, running: RunningOrder): Promise<Ending> {
  const result = await gateway.call({ ...callOf(running), ...fixedBy(running), ...(running.findsOut ? { onlyFindOut: 'attempts_exhausted' as const } : {}) });
  switch (result.kind) {
    // What was sent has been told with its outcome already (`SpoolGatewayStore.commitOutcome`).
    case 'succeeded': {
      const { output, receipt } = result;
      return { outcome: { ...UNSENT, state: 'succeeded', error: null, result: { output, receipt: receipt as JsonObject | null, nested_labels: [], hidden: {} } } };
    }
    // That it could not be looked up says nothing of what was intended before.
    case 'failed': return running.hasIntended ? mayHaveHappened({ ...result.error, retryable: true }) : failedWith(result.error);
    case 'uncertain': return mayHaveHappened(result.error);
    default: return notCarriedOut(result);
  }
}

/** The call that an order is for, as the gateway of this side is asked for it. */
export function callOf({ order, sealed, identity, signal }: RunningOrder): CallRequest {
  const { within, routed_from } = order;
  return {
    identity, action: order.action, instanceName: order.instance.name, parameters: sealed.parameters as JsonObject, labels: sealed.labels, model: null, signal,
    ...(within === null ? {} : { within }),
    // What policy capped or redacted before it sent the call here is in the parameters.
    ...(routed_from === null ? {} : { routedFrom: { target: routed_from.target, decisionId: routed_from.decision_id, obligations: {} } }),
  };
}

/** Exactly the action that was prepared, approved and signed. */
export function fixedBy({ order: { action_digest }, sealed: { action_text, content, target } }: RunningOrder): Pick<CallRequest, 'fixed'> {
  return { fixed: { actionText: action_text ?? '', actionDigest: action_digest ?? '', content, target } };
}
