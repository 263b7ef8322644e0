import type { Dispatcher } from 'undici';
import { collectResponse } from './collect-response.ts';
import type { Bounds } from './collect-response.ts';
import { readConnectionSettings } from './connection-settings.ts';
import type { ConnectionOptions } from './connection-settings.ts';
import { createConnections } from './connections.ts';
import type { Connections } from './connections.ts';
import { readDestination } from './destination.ts';
import type { Destination, DestinationOptions } from './destination.ts';
import { EgressError } from './errors.ts';
import { systemResolver } from './guarded-connect.ts';
import type { Resolver } from './guarded-connect.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { EgressLimits, GuardedResponse } from './limits.ts';
import { isRedirect, nextHop, refuseRedirect, tooManyRedirects, urlOf } from './redirects.ts';
import type { Hop } from './redirects.ts';
import { headersOf, targetOf } from './request-check.ts';
import type { GuardedRequest } from './request-check.ts';

export interface EgressOptions extends DestinationOptions {
  readonly connection?: ConnectionOptions | undefined;
  readonly resolver?: Resolver;
  /** `host:port` of what the operator lets be reached inside of their network, however an instance names it; absent: whatever it names. */
  readonly internalHosts?: readonly string[] | undefined;
  readonly limits?: Partial<EgressLimits>;
  readonly now?: () => Date;
}

export interface GuardedEgress {
  /** @throws EgressError, whose `sent` says whether the peer may have received the request */
  request(request: GuardedRequest): Promise<GuardedResponse>;
  /** Takes no more requests; those under way finish, and no connection is used after them. */
  retire(): Promise<void>;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/**
 * The one way out of a process: requests to one base URL, over connections whose address was checked. Reads follow redirects, each hop
 * checked like the first; proxy variables of the environment are not read. The guards: `allow-list.ts` and `destination.ts` (where to),
 * `request-check.ts` (what), `redirects.ts`, and with every connection `guarded-connect.ts` over `addresses.ts`.
 * @throws EgressError base_url_invalid, host_not_allowed, connection_settings_invalid
 */
export function createEgress(options: EgressOptions): GuardedEgress {
  const destination = readDestination(options);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const settings = readConnectionSettings(options.connection ?? {}, options.now ?? (() => new Date()));
  const connections = createConnections(destination, { resolver: options.resolver ?? systemResolver, settings, connect_timeout_ms: limits.connect_timeout_ms, internalHosts: options.internalHosts }, limits);
  return {
    async request(request) {
      const first: Hop = { endpoint: destination, target: targetOf(destination, request), headers: headersOf(request, limits) };
      const bounds = boundsOf(request, limits);
      return request.method === 'GET' ? read(destination, connections, first, bounds) : write(connections, first, request, bounds);
    },
    retire: () => connections.retire(),
    close: () => connections.cut(),
  };
}

async function write(connections: Connections, { target, headers }: Hop, request: GuardedRequest, bounds: Bounds): Promise<GuardedResponse> {
  const response = await connections.forOneWrite((client) => collectResponse(client, { method: request.method, path: target, headers, body: request.body ?? null }, bounds));
  return isRedirect(response) ? refuseRedirect(response) : response;
}

/** The time limit is one for the whole chain; the bounds in bytes hold for every answer of it. */
async function read(destination: Destination, connections: Connections, first: Hop, bounds: Bounds): Promise<GuardedResponse> {
  const visited = new Set<string>();
  let hop = first;
  for (;;) {
    visited.add(urlOf(hop));
    const response = await sendRead(connections.forReads(hop.endpoint), hop, bounds, visited.size > 1);
    if (!isRedirect(response)) return response;
    if (visited.size > bounds.limits.redirects) throw tooManyRedirects(bounds.limits.redirects);
    hop = nextHop(destination, hop, response, visited);
  }
}

async function sendRead(client: Dispatcher, { target, headers }: Hop, bounds: Bounds, redirected: boolean): Promise<GuardedResponse> {
  try {
    return await collectResponse(client, { method: 'GET', path: target, headers, body: null }, bounds);
  } catch (error) {
    // The first peer has received the request, whatever became of the hop.
    if (redirected && error instanceof EgressError && !error.sent) throw new EgressError(error.code, error.message, { sent: true, cause: error });
    throw error;
  }
}

function boundsOf({ signal: stop }: GuardedRequest, limits: EgressLimits): Bounds {
  const deadline = AbortSignal.timeout(limits.total_timeout_ms);
  return { signal: stop === undefined ? deadline : AbortSignal.any([deadline, stop]), deadline, limits };
}
