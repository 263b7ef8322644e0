import type { Label } from '@countersign/contracts/connectors/manifest.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { ActionContext, Json } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { bindEgress } from './bound-egress.ts';
import type { ExchangeLog } from './performed.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';
import type { HeldLease } from './held-lease.ts';
import { createNestedCalls } from './nested-calls.ts';

export interface ContextOfOneCall {
  readonly actionContext: ActionContext;
  /** Labels of what it has read by calls of its own, so far. */
  nestedLabels(): readonly Label[];
  /** What went over the wire. */
  readonly exchanges: ExchangeLog;
  /**
   * Throws what the store or another part of ours failed with inside a nested call, whatever the connector made of it: a lost lease
   * must stop the worker even where a connector catches everything.
   */
  rethrowFault(): void;
  /**
   * Stops whatever the action has left running and waits for it: once the call has ended, none of its nested calls may still write
   * under a lease that somebody else may hold by then.
   */
  end(): Promise<void>;
}

/**
 * What an action may use, for one call. `actionDigest` is known from the intent on; before it there is only content to refer to.
 * `runId`: of the run that made the effect, where it is another one's that is looked up. `held`: for what is carried out.
 */
export function createActionContext(parts: GatewayParts, call: Call, of: { readonly follows: string | null; readonly actionDigest: string | null; readonly runId?: string; readonly held?: HeldLease }): ContextOfOneCall {
  const { request, instance, manifest } = call;
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), manifest.timeout_ms);
  const signal = AbortSignal.any([request.signal, ending.signal]);
  const bound = bindEgress(parts, call, signal, of.held ?? null);
  const decided = of.actionDigest !== null;
  const nested = createNestedCalls(parts, call, decided, signal);
  const referenceFor = (content: Json): string => reference(request.identity.run.id, digestOf({
    run_id: request.identity.run.id, step_key: request.identity.step.key, call_key: request.identity.callKey, action: request.action, content, follows: of.follows,
  }));
  return {
    actionContext: {
      manifest,
      instance: { id: instance.id, name: instance.name, baseUrl: instance.baseUrl, settings: instance.settings },
      egress: decided ? bound.egress : NO_EGRESS,
      call: nested.call,
      findInstance: async (connector, name) => {
        const found = await parts.instances.find(request.identity, connector, name);
        return found === null ? null : { id: found.id, name: found.name, learning: parts.connectors.get(connector)?.manifest.learning ?? null };
      },
      models: parts.models.forCall(request.identity),
      cache: parts.caches.of(call),
      reference: of.actionDigest === null ? referenceFor(request.parameters) : reference(of.runId ?? request.identity.run.id, of.actionDigest),
      referenceFor,
      signal,
      now: () => parts.clock.now(),
    },
    nestedLabels: nested.labels,
    exchanges: bound.exchanges,
    rethrowFault() {
      of.held?.rethrowFault();
      nested.rethrowFault();
    },
    end: async () => {
      clearTimeout(timer);
      ending.abort(ENDED);
      await nested.settled();
    },
  };
}

/** Made once: the stack of a fresh one would be taken at the end of every call. */
const ENDED = new DOMException('The call has ended.', 'AbortError');

/** Nothing has been decided yet while a write is prepared, so it reads only by calls that are decided on by themselves. */
const NO_EGRESS: ActionContext['egress'] = {
  request: async () => {
    throw new ConnectorError({ code: 'host_not_allowed', effect: 'none', retryable: false, message: '`prepare` has no way out of its own, because nothing has been decided yet. Read with `context.call`.' });
  },
};

function reference(runId: string, digest: string): string {
  return `${runId}/${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}
