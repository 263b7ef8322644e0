import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { NetConnectOpts, Server, Socket } from 'node:net';

/** A server that hands every connection on, byte for byte. */
export interface Forwarding {
  accepted(): number;
  close(): void;
}

/** A TCP port on the loopback address or at another one of this machine, or the path of a Unix socket, which crosses network namespaces. */
export type Place = number | string | { readonly host: string; readonly port: number };

export async function forward(from: Place, to: Place): Promise<Forwarding> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    join(socket, connect(endpointOf(to)), sockets);
  });
  await listening(server, from);
  return { accepted: () => accepted, close: () => cut(server, sockets) };
}

/** A CONNECT proxy that stands for the allowed hosts: it opens tunnels to them and to nothing else. */
export interface AllowingProxy {
  readonly allowed: ReadonlyMap<string, number>;
  readonly refused: readonly string[];
  close(): void;
}

/** @param allowedHosts `host:port` each, as they are asked for */
export async function startAllowingProxy(socketPath: string, allowedHosts: readonly string[]): Promise<AllowingProxy> {
  const sockets = new Set<Socket>();
  const allowed = new Map(allowedHosts.map((host) => [host, 0]));
  const refused: string[] = [];
  const server = createHttpServer((request, response) => {
    refused.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(405).end();
  });
  server.on('connect', ({ url = '' }, socket: Socket) => {
    const tunnels = allowed.get(url);
    if (tunnels === undefined) {
      refused.push(`CONNECT ${url}`);
      return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    }
    allowed.set(url, tunnels + 1);
    const { hostname, port } = new URL(`http://${url}`);
    const peer = connect({ host: hostname, port: Number(port) }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(socket, peer, sockets);
    });
    peer.on('error', () => socket.destroy());
  });
  await listening(server, socketPath);
  return { allowed, refused, close: () => cut(server, sockets) };
}

function endpointOf(place: Place): NetConnectOpts {
  if (typeof place === 'object') return place;
  return typeof place === 'number' ? { host: '127.0.0.1', port: place } : { path: place };
}

async function listening(server: Server, at: Place): Promise<void> {
  server.listen(endpointOf(at));
  await once(server, 'listening');
}

/** What ends or breaks on one side ends on the other. */
function join(one: Socket, other: Socket, sockets: Set<Socket>): void {
  for (const [socket, opposite] of [[one, other], [other, one]] as const) {
    sockets.add(socket);
    socket.on('error', () => opposite.destroy()).on('close', () => { sockets.delete(socket); opposite.destroy(); });
  }
  one.pipe(other).pipe(one);
}

function cut(server: Server, sockets: ReadonlySet<Socket>): void {
  server.close();
  for (const socket of sockets) socket.destroy();
}
