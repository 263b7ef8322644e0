import type { Socket } from 'node:net';
import { Client, Pool } from 'undici';
import type { buildConnector, Dispatcher } from 'undici';
import { collectResponse } from './collect-response.ts';
import { readDestination } from './destination.ts';
import type { Destination } from './destination.ts';
import { EgressError } from './errors.ts';
import { openConnection, systemResolver } from './guarded-connect.ts';
import type { Resolver } from './guarded-connect.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { EgressLimits, GuardedResponse } from './limits.ts';
import { headersOf, targetOf } from './request-check.ts';
import type { GuardedRequest } from './request-check.ts';

export interface EgressOptions {
  readonly baseUrl: string;
  /** `host:port` pairs. Empty: the base URL's host, at public addresses only. Naming a host opens internal addresses for it. */
  readonly allowedHosts: readonly string[];
  readonly resolver?: Resolver;
  readonly limits?: Partial<EgressLimits>;
}

export interface GuardedEgress {
  /** @throws EgressError, whose `sent` says whether the peer may have received the request */
  request(request: GuardedRequest): Promise<GuardedResponse>;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/**
 * The one way out of a process: requests to one base URL, over connections whose address was checked. Redirects are not followed,
 * and proxy variables of the environment are not read. The guards: `addresses.ts`, `destination.ts`, `guarded-connect.ts`, `request-check.ts`.
 * @throws EgressError base_url_invalid, host_not_allowed
 */
export function createEgress(options: EgressOptions): GuardedEgress {
  const destination = readDestination(options.baseUrl, options.allowedHosts);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const connecting = connectionOptions(destination, options.resolver ?? systemResolver, limits);
  const reads = new Pool(destination.origin, { ...connecting, connections: READ_CONNECTIONS });
  const writes = new Set<Client>();
  return {
    async request(request) {
      const target = targetOf(destination, request);
      const headers = headersOf(request);
      if (request.method === 'GET') return exchange(reads, request, target, headers, limits);
      // What may have an effect gets a connection of its own: on a kept-alive one, a peer that closes at the same moment makes "was
      // it received?" unanswerable.
      const client = new Client(destination.origin, connecting);
      writes.add(client);
      try {
        return await exchange(client, request, target, headers, limits);
      } finally {
        writes.delete(client);
        await client.destroy();
      }
    },
    async close() {
      await Promise.all([reads, ...writes].map((client) => client.destroy()));
    },
  };
}

/** Reads share kept-alive connections; more at the same time wait for one. */
const READ_CONNECTIONS = 16;

function connectionOptions(destination: Destination, resolver: Resolver, limits: EgressLimits): Client.Options {
  return {
    connect: (_options, callback) => void handOver(openConnection(destination, resolver, limits.connect_timeout_ms), callback),
    headersTimeout: limits.header_timeout_ms,
    bodyTimeout: limits.header_timeout_ms,
    maxResponseSize: limits.response_bytes,
    keepAliveTimeout: 4_000,
    allowH2: false,
  };
}

async function handOver(opening: Promise<Socket>, callback: buildConnector.Callback): Promise<void> {
  let socket: Socket;
  try {
    socket = await opening;
  } catch (error) {
    callback(error as Error, null);
    return;
  }
  callback(null, socket);
}

async function exchange(client: Dispatcher, request: GuardedRequest, target: string, headers: Record<string, string>, limits: EgressLimits): Promise<GuardedResponse> {
  const deadline = AbortSignal.timeout(limits.total_timeout_ms);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  const response = await collectResponse(client, { method: request.method, path: target, headers, body: request.body ?? null }, { signal, deadline, limits });
  if (response.status >= 300 && response.status < 400 && response.status !== 304) {
    throw new EgressError('redirect_not_allowed', `The peer answered ${response.status} and wants the request elsewhere; redirects are not followed.`, { sent: true });
  }
  return response;
}
