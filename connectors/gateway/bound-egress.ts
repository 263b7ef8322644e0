import { createHash } from 'node:crypto';
import type { GuardedResponse } from '@countersign/platform/egress/limits.ts';
import type { GuardedEgress } from '@countersign/platform/egress/egress.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Egress, EgressRequest, EgressResponse } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { healthKeyOf } from './admission.ts';
import type { InstanceKey } from './health/health-store.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';
import { connectorErrorOf } from './egress-failures.ts';
import type { ExchangeLog } from './performed.ts';
import type { HeldLease } from './held-lease.ts';
import { jsonBody } from './json-body.ts';

/** The action's way out: its instance, its credential, and nothing else. `held`: asked before everything that may change something. */
export function bindEgress(parts: GatewayParts, call: Call, signal: AbortSignal, held: HeldLease | null): { readonly egress: Egress; readonly exchanges: ExchangeLog } {
  const log = createExchangeLog();
  return {
    exchanges: log,
    egress: {
      async request(request) {
        const body = bodyOf(request);
        const changes = request.method !== 'GET';
        const key = healthKeyOf(call);
        log.sending(request, body);
        try {
          const response = await authorised(parts, call, request, { body, signal, beforeSending: async () => { if (changes) await held?.beforeSending(); } });
          log.answered(response, changes);
          await remembered(parts, () => parts.guard.answered(key, response.status, response.headers));
          return asEgressResponse(response, changes);
        } catch (cause) {
          const error = connectorErrorOf(cause, changes);
          log.failed(error, changes);
          throw error instanceof ConnectorError && UNREACHABLE.has(error.code) ? await noticed(parts, key, error) : error;
        }
      },
    },
  };
}

/** What says that the peer is not there, whatever was asked of it. */
const UNREACHABLE: ReadonlySet<string> = new Set(['peer_unavailable', 'peer_timeout', 'peer_connection_lost']);

/**
 * Tells the guard. An instance that is then left alone had its chance: a request that never arrived says so by `circuit_open`, which uses
 * up no attempt, so that a step outlives an outage of any length.
 */
async function noticed(parts: GatewayParts, key: InstanceKey, error: ConnectorError): Promise<ConnectorError> {
  const circuit = await remembered(parts, () => parts.guard.unreachable(key, error.code));
  if (circuit !== 'open' || error.effect !== 'none') return error;
  return new ConnectorError({ code: 'circuit_open', effect: 'none', retryable: true, message: `${error.message} Nothing is sent to the instance for a while.`, cause: error });
}

/** What became of the request is known; that it could not be remembered for the next one does not change it. */
async function remembered<T>(parts: GatewayParts, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    parts.log.error({ err: error }, 'the health of an instance could not be written');
    return undefined;
  }
}

interface Sending {
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
  readonly beforeSending: () => Promise<void>;
}

/** A 401 to a token that ended early is answered once with a fresh one: a refused request has had no effect. */
async function authorised(parts: GatewayParts, call: Call, request: EgressRequest, { body, signal, beforeSending }: Sending): Promise<GuardedResponse> {
  const send = async (fresh: boolean): Promise<GuardedResponse> => {
    const credentialHeaders = await parts.credentials.headersFor(call, await egressOf(parts, call), fresh);
    // Asked again: while a token was fetched, a certificate may have changed.
    const egress = await egressOf(parts, call);
    await beforeSending();
    return egress.request({
      method: request.method,
      path: request.path,
      query: request.query,
      headers: { ...(request.json === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers },
      credentialHeaders,
      body,
      signal,
    });
  };
  const first = await send(false);
  return first.status === 401 && parts.credentials.isRefreshable(call) ? send(true) : first;
}

async function egressOf(parts: GatewayParts, call: Call): Promise<GuardedEgress> {
  const egress = await parts.egresses.of(call);
  if (egress !== null) return egress;
  throw new ConnectorError({ code: 'host_not_allowed', effect: 'none', retryable: false, message: `The instance ${call.instance.name} has no base URL, so there is nowhere to send to.` });
}

function bodyOf({ json, body }: EgressRequest): Uint8Array | undefined {
  return json === undefined ? body : Buffer.from(JSON.stringify(json), 'utf8');
}

function asEgressResponse({ status, headers, body }: GuardedResponse, changes: boolean): EgressResponse {
  return { status, headers, body, json: () => jsonBody(headers, body, { status, changes }) };
}

function createExchangeLog(): ExchangeLog & {
  sending(request: EgressRequest, body: Uint8Array | undefined): void;
  answered(response: GuardedResponse, changes: boolean): void;
  failed(error: unknown, changes: boolean): void;
} {
  const requests = createHash('sha256');
  const responses = createHash('sha256');
  let sent = 0;
  let received = 0;
  let mayHaveChanged = false;
  const digest = (of: ReturnType<typeof createHash>): string => `sha256:${of.copy().digest('hex')}`;
  return {
    sending({ method, path, query }, body) {
      sent += 1;
      requests.update(`${canonicalText({ method, path, query: { ...query } })}\n${body?.length ?? 0}\n`).update(body ?? new Uint8Array());
    },
    answered({ status, body }, changes) {
      received += 1;
      responses.update(`${status}\n${body.length}\n`).update(body);
      if (changes && !(status >= 400 && status < 500)) mayHaveChanged = true;
    },
    failed(error, changes) {
      if (changes && (!(error instanceof ConnectorError) || error.effect === 'unknown')) mayHaveChanged = true;
    },
    count: () => sent,
    requestDigest: () => (sent === 0 ? null : digest(requests)),
    responseDigest: () => (received === 0 ? null : digest(responses)),
    mayHaveChangedSomething: () => mayHaveChanged,
  };
}
