import { createServer, request as forward } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConformanceFailure } from '../failure.ts';

/** Where in an exchange it goes wrong, or what is answered in the peer's place. */
export type Fault =
  /** The connection is cut before the peer has seen anything. */
  | { readonly kind: 'lost_before_send' }
  /** The peer gets the request, the caller's connection is cut at once. */
  | { readonly kind: 'lost_after_send' }
  /** The peer has answered, and its answer is lost. */
  | { readonly kind: 'lost_after_effect' }
  /** The peer has answered, and a page of a proxy comes in its place. */
  | { readonly kind: 'answer_replaced_after_effect' }
  /** The peer gets nothing and no answer ever comes. */
  | { readonly kind: 'silent' }
  /** The peer gets nothing; this comes instead. `echo` puts what was received into the body, as careless peers do. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly type: string; readonly headers?: Readonly<Record<string, string>>; readonly echo?: boolean };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
}

/** A proxy between the gateway and a stand-in: it forwards, keeps what it saw, and fails on demand. Real sockets on both sides. */
export interface FaultProxy {
  readonly url: string;
  /** What came since the last `clear`, in order. */
  seen(): readonly SeenRequest[];
  /** Requests that `strikes` accepts fail; every one, or the first only. */
  fail(fault: Fault, strikes: (request: SeenRequest) => boolean, times: 'always' | 'once'): void;
  /** Forgets faults and what was seen, when everything under way at the peer has ended. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export const PROXY_PAGE = '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

/** @throws ConformanceFailure when nothing listens at `peerUrl` */
export async function startFaultProxy(peerUrl: string): Promise<FaultProxy> {
  const peer = new URL(peerUrl);
  await probe(peer);
  let seen: SeenRequest[] = [];
  let active: { fault: Fault; strikes: (request: SeenRequest) => boolean; times: 'always' | 'once' } | null = null;
  const underWay = new Set<Promise<unknown>>();

  const server = createServer((request, response) => {
    const exchange = handle(request, response).catch(() => response.destroy());
    underWay.add(exchange);
    void exchange.finally(() => underWay.delete(exchange));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const described = { method: request.method ?? 'GET', path: request.url ?? '/' };
    seen.push(described);
    const fault = active !== null && active.strikes(described) ? active.fault : null;
    if (fault !== null && active?.times === 'once') active = null;
    if (fault?.kind === 'lost_before_send') return void response.destroy();
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'answer') return answer(response, fault, request, body);
    if (fault?.kind === 'lost_after_send') response.destroy();
    const reply = await ask(peer, request, body);
    if (fault?.kind === 'lost_after_effect') return void response.destroy();
    if (fault?.kind === 'answer_replaced_after_effect') return void response.writeHead(502, { 'content-type': 'text/html' }).end(PROXY_PAGE);
    if (fault === null) response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const settled = async (): Promise<void> => { while (underWay.size > 0) await Promise.allSettled(underWay); };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${peer.pathname === '/' ? '' : peer.pathname.replace(/\/$/, '')}`,
    seen: () => seen,
    fail: (fault, strikes, times) => { active = { fault, strikes, times }; },
    clear: async () => {
      active = null;
      await settled();
      seen = [];
    },
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

function probe(peer: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = forward({ host: peer.hostname, port: peer.port, method: 'HEAD', path: peer.pathname, timeout: 5_000 }, (reply) => {
      reply.resume();
      resolve();
    });
    const unreachable = (why: string): void => reject(new ConformanceFailure(`The stand-in says that it is at ${peer.href}, where nothing answers (${why}). Let \`start\` in conformance.ts wait until it listens, and give its URL with the port.`));
    asked.on('error', (error: NodeJS.ErrnoException) => unreachable(error.code ?? error.message));
    asked.on('timeout', () => asked.destroy(new ConformanceFailure('no answer within 5 s')));
    asked.end();
  });
}

function answer(response: ServerResponse, fault: Extract<Fault, { kind: 'answer' }>, request: IncomingMessage, body: Buffer): void {
  const echoed = fault.echo === true ? JSON.stringify({ error: { message: `refused: ${JSON.stringify(request.headers)} ${body.toString('utf8')}`, detail: JSON.stringify(request.headers) }, message: JSON.stringify(request.headers) }) : fault.body;
  response.writeHead(fault.status, { 'content-type': fault.type, ...fault.headers }).end(echoed);
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function ask(peer: URL, request: IncomingMessage, body: Buffer): Promise<{ status: number; headers: Record<string, string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const asked = forward({ host: peer.hostname, port: peer.port, method: request.method, path: request.url, headers: { ...request.headers, host: peer.host } }, (reply) => {
      bodyOf(reply).then((bytes) => resolve({ status: reply.statusCode ?? 502, headers: withoutHops(reply.headers), body: bytes }), reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Headers of one connection are not those of the next (RFC 9110, 7.6.1). */
function withoutHops(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const hops = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined || hops.has(name) ? [] : [[name, value]])));
}
