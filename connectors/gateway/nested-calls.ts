import { isDeepStrictEqual } from 'node:util';
import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { CONNECTOR_ERROR_CODES, ConnectorError } from '../sdk/errors.ts';
import type { ConnectorErrorCode } from '../sdk/errors.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';
import { allLabels } from './labels.ts';
import { isStopped } from './kill-switch.ts';
import type { CallResult } from './ports.ts';

export interface NestedCalls {
  readonly call: (action: string, parameters: JsonObject, options?: { readonly instance?: string | undefined }) => Promise<JsonObject>;
  /** Of everything that the calls so far gave back. */
  labels(): readonly Label[];
  rethrowFault(): void;
  /** When everything that was begun has ended, one way or another. */
  settled(): Promise<void>;
}

/**
 * What an action calls in its turn goes through the whole pipeline: its own decision, its own record.
 * @param decided whether policy has decided on the calling action, or it is only being prepared
 */
export function createNestedCalls(parts: GatewayParts, call: Call, decided: boolean, signal: AbortSignal): NestedCalls {
  const counts = new Map<string, number>();
  const underWay = new Set<Promise<CallResult>>();
  const read = new Set<Label>();
  let fault: { readonly error: unknown } | null = null;

  const begin = (action: string, parameters: JsonObject, instance: string | undefined): Promise<CallResult> => {
    const number = (counts.get(action) ?? 0) + 1;
    counts.set(action, number);
    const { identity, instanceName, model } = call.request;
    const sameConnector = action.startsWith(`${call.connector.manifest.name}/`);
    return parts.nested({
      identity: { ...identity, callKey: `${identity.callKey}/${action}#${number}` },
      action,
      instanceName: instance ?? (sameConnector ? (instanceName ?? call.instance.name) : null),
      parameters,
      labels: labelsOfNested(call, parameters),
      within: { action: call.request.action, risk: call.manifest.risk, instance_id: call.instance.id, decided },
      model,
      signal,
    });
  };

  return {
    async call(action, parameters, options) {
      // Nothing is awaited before this, so the key depends only on the order in which the action asks.
      const running = begin(action, parameters, options?.instance);
      underWay.add(running);
      let result: CallResult;
      try {
        result = await running;
      } catch (error) {
        fault ??= { error };
        throw error;
      } finally {
        underWay.delete(running);
      }
      if (result.kind === 'succeeded') {
        for (const label of result.outputLabels) read.add(label);
        return result.output;
      }
      throw errorOf(action, result);
    },
    labels: () => [...read],
    rethrowFault() {
      if (fault !== null) throw fault.error;
    },
    async settled() {
      await Promise.allSettled(underWay);
    },
  };
}

/**
 * A parameter that is handed on as it came, under its own name, keeps its labels: where data goes is no less trusted for having been
 * read by an action. Whatever else the connector made, nobody can tell from which of its parameters: it carries the labels of all.
 */
function labelsOfNested({ request }: Call, parameters: JsonObject): Record<string, readonly Label[]> {
  const given = allLabels(request.labels);
  // Given nothing, the action can have made it from nothing but its own code and the instance's settings.
  const labels: readonly Label[] = given.length === 0 ? ['configuration'] : given;
  return Object.fromEntries(Object.entries(parameters).flatMap(([name, value]): Array<[string, readonly Label[]]> => {
    const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const handedOn = Object.hasOwn(request.parameters, name) && isDeepStrictEqual(request.parameters[name], value);
    const own = handedOn ? Object.entries(request.labels).filter(([known]) => known === pointer || known.startsWith(`${pointer}/`)) : [];
    return own.length > 0 ? own.map(([known, its]) => [known, its]) : [[pointer, labels]];
  }));
}

function errorOf(action: string, result: Exclude<CallResult, { kind: 'succeeded' }>): ConnectorError {
  if (result.kind === 'failed' || result.kind === 'uncertain') {
    const { code, message, retryable, retryAfterMs } = result.error;
    return new ConnectorError({
      code: isConnectorCode(code) ? code : 'nested_call_failed',
      message: `${action}: ${message}`, effect: 'none', retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (result.kind === 'denied' && isStopped(result.reasons)) {
    return new ConnectorError({ code: 'stopped_by_kill_switch', message: `${action}: ${result.reasons.map((reason) => reason.message).join(' ')}`, effect: 'none', retryable: true });
  }
  // `routed` is for steps: a nested call that policy routes is denied before it comes here.
  const why = result.kind === 'denied' ? result.reasons.map((reason) => `${reason.rule}: ${reason.message}`).join('; ') : 'it needs a person, and only a step can wait for one';
  return new ConnectorError({ code: 'nested_call_denied', message: `${action} is not allowed: ${why}`, effect: 'none', retryable: false });
}

function isConnectorCode(code: string): code is ConnectorErrorCode {
  return (CONNECTOR_ERROR_CODES as readonly string[]).includes(code);
}
