import type { Socket } from 'node:net';
import { Client, Pool } from 'undici';
import type { buildConnector, Dispatcher } from 'undici';
import type { Destination } from './destination.ts';
import type { Endpoint } from './endpoint.ts';
import { openConnection } from './guarded-connect.ts';
import type { Connecting } from './guarded-connect.ts';
import type { EgressLimits } from './limits.ts';

/** The open connections of one egress, every one of them made by `openConnection`. */
export interface Connections {
  /** For reads, which share kept-alive connections; more at the same time wait for one. */
  forReads(endpoint: Endpoint): Dispatcher;
  /**
   * For what may have an effect: a connection of its own. On a kept-alive one, a peer that closes at the same moment makes "was it
   * received?" unanswerable.
   */
  forOneWrite<T>(use: (client: Dispatcher) => Promise<T>): Promise<T>;
  /** Lets requests under way finish and closes each connection after its last one. */
  retire(): Promise<void>;
  /** Cuts everything. */
  cut(): Promise<void>;
}

const READ_CONNECTIONS = 16;

export function createConnections(destination: Destination, connecting: Connecting, limits: EgressLimits): Connections {
  // By origin: the instance's own, and those of its allowed hosts that redirects lead to.
  const reads = new Map<string, Pool>();
  const writes = new Set<Client>();
  let retired = false;
  return {
    forReads(endpoint) {
      const known = reads.get(endpoint.origin);
      if (known !== undefined) return known;
      const pool = new Pool(endpoint.origin, { ...clientOptions(endpoint, connectingTo(endpoint, destination, connecting), limits), connections: READ_CONNECTIONS });
      reads.set(endpoint.origin, pool);
      // A chain that was under way when the rest was retired leaves nothing behind either.
      if (retired) setImmediate(() => void pool.close());
      return pool;
    },
    async forOneWrite(use) {
      const client = new Client(destination.origin, clientOptions(destination, connecting, limits));
      writes.add(client);
      try {
        return await use(client);
      } finally {
        writes.delete(client);
        await client.destroy();
      }
    },
    async retire() {
      retired = true;
      await Promise.all([...reads.values()].map((pool) => pool.close()));
    },
    async cut() {
      retired = true;
      await Promise.all([...reads.values(), ...writes].map((client) => client.destroy()));
    },
  };
}

/** The client certificate says who we are, so it is for the instance's own origin like every other credential. */
function connectingTo(endpoint: Endpoint, destination: Destination, connecting: Connecting): Connecting {
  return endpoint.origin === destination.origin ? connecting : { ...connecting, settings: { ...connecting.settings, clientCertificate: null } };
}

function clientOptions(endpoint: Endpoint, connecting: Connecting, limits: EgressLimits): Client.Options {
  return {
    connect: (_options, callback) => void handOver(openConnection(endpoint, connecting), callback),
    headersTimeout: limits.header_timeout_ms,
    bodyTimeout: limits.header_timeout_ms,
    maxResponseSize: limits.response_bytes,
    maxHeaderSize: limits.header_bytes,
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
