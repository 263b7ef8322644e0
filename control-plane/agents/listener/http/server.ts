import { constants, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { AGENT_PATHS, PROTOCOL_HEADER, SUPPORTED_PROTOCOLS } from '@countersign/contracts/agent/protocol.ts';
import type { EnrolAnswer, EnrolRequest } from '@countersign/contracts/agent/protocol.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { asApiError } from '@countersign/platform/http/problem.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { RateLimit } from '../../../cell/rate-limit.ts';
import type { Rate } from '../../../cell/rate-limit.ts';
import { foreseen } from '../../../http/last-error-handler.ts';
import type { Admission } from '../admission.ts';
import { newServerIdentity } from '../server-identity.ts';
import type { ServerIdentity } from '../server-identity.ts';
import { sendAnswer, sendProblem } from './answers.ts';
import { AgentConnection } from './connection.ts';
import { Connections } from './connections.ts';
import { readBody } from './read-body.ts';
import type { AgentAnswer, AgentRoute } from './routes.ts';
import { SilentSockets } from './silent-sockets.ts';

export interface AgentServerParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly authority: CertificateAuthority;
  readonly admission: Admission;
  readonly routes: readonly AgentRoute[];
  /** The one call that takes no certificate. */
  readonly enrol: (authorization: string | undefined, request: () => Promise<EnrolRequest>, from: Pick<AgentConnection, 'address' | 'presented'>) => Promise<EnrolAnswer>;
}

export interface AgentServerOptions {
  readonly host: string;
  readonly port: number;
  /** Of the public URL, as a URL spells it. */
  readonly hostname: string;
  /** See `Connections`. */
  readonly maxStrangers?: number;
  /** See `SilentSockets`. */
  readonly maxSilent?: number;
  /** With one certificate. */
  readonly requests?: Rate;
}

const HANDSHAKE_MS = 10_000;
/** An agent polls every ten seconds. */
const SILENT_MS = 120_000;
/** It polls, delivers, renews and fetches, one of each at a time. Each may have a body in our memory. */
const MAX_STREAMS = 8;
const MAX_STRANGERS = 500;
const MAX_SILENT = 1_000;
/** Several times what an agent with its hands full asks. */
const REQUESTS: Rate = { burst: 1_000, refill_ms: 4 };
/** What was answered is to arrive before the last connections are cut. */
const CUT_AFTER_MS = 300;

/**
 * The agent port: HTTP/2 over TLS 1.3 and nothing else, without session resumption, which would let a certificate in that nobody looked at. A connection
 * without a certificate is taken, so that an agent can enrol, and every request of every connection is admitted anew.
 */
export class AgentServer {
  readonly #parts: AgentServerParts;
  readonly #server: Http2SecureServer;
  readonly #authority: X509Certificate;
  readonly #sockets = new Set<Socket>();
  readonly connections: Connections;
  readonly #options: AgentServerOptions;
  readonly #requests: RateLimit;
  #renewAt: Date;

  private constructor(parts: AgentServerParts, options: AgentServerOptions, identity: ServerIdentity) {
    this.#parts = parts;
    this.#options = options;
    this.connections = new Connections(options.maxStrangers ?? MAX_STRANGERS);
    this.#requests = new RateLimit(parts.clock, options.requests ?? REQUESTS);
    this.#renewAt = identity.renewAt;
    this.#authority = new X509Certificate(parts.authority.certificate_pem);
    this.#server = createSecureServer({ ...tlsOptions(identity, parts.authority), requestCert: true, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_MS, settings: { maxConcurrentStreams: MAX_STREAMS } });
    const silent = new SilentSockets(options.maxSilent ?? MAX_SILENT);
    this.#server.on('connection', (socket: Socket) => {
      silent.add(socket);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('secureConnection', (socket: Socket) => silent.spoke(socket));
    this.#server.on('unknownProtocol', (socket: Socket) => socket.destroy());
    this.#server.on('session', (session) => this.#connected(session));
    this.#server.on('stream', (stream, headers) => void this.#answer(stream, headers));
    this.#server.on('sessionError', (error) => parts.log.debug({ err: error }, 'a connection to the agent port broke'));
    this.#server.on('tlsClientError', (error) => parts.log.debug({ err: error }, 'a handshake with the agent port failed'));
  }

  /** @throws Node's own error (`EADDRINUSE`, `EACCES`) when the port cannot be had */
  static async start(parts: AgentServerParts, options: AgentServerOptions): Promise<AgentServer> {
    const started = new AgentServer(parts, options, await newServerIdentity(options.hostname, parts.authority, parts.clock.now()));
    started.#server.listen(options.port, options.host);
    await once(started.#server, 'listening');
    return started;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  /** A new certificate of its own for the connections to come, once half of the last one's life is over; gives whether it was time. */
  async renewWhenDue(): Promise<boolean> {
    const { authority, clock } = this.#parts;
    if (clock.now() < this.#renewAt) return false;
    const next = await newServerIdentity(this.#options.hostname, authority, clock.now());
    this.#server.setSecureContext(tlsOptions(next, authority));
    this.#renewAt = next.renewAt;
    return true;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.connections.endAll(new ApiError('unavailable', 'This control plane is stopping. Connect again.', { retryAfter_s: 1 }));
    // Those whose handshake never ended, too.
    const cut = setTimeout(() => { for (const socket of this.#sockets) socket.destroy(); }, CUT_AFTER_MS);
    await closed;
    clearTimeout(cut);
  }

  #connected(session: ServerHttp2Session): void {
    const { socket } = session as unknown as { socket: { isSessionReused(): boolean } };
    // Node keeps no session that could be resumed; should one be all the same, its certificate was not looked at.
    if (socket.isSessionReused()) return session.destroy();
    session.setTimeout(SILENT_MS, () => session.destroy());
    session.on('error', (error) => this.#parts.log.debug({ err: error }, 'a connection to the agent port broke'));
    if (!this.connections.add(session, new AgentConnection(session, this.#authority, this.#parts.clock.now()))) session.destroy();
  }

  /** One request: who is it, may they, is it what the protocol says, do it, answer. */
  async #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const connection = stream.session === undefined ? undefined : this.connections.of(stream.session as ServerHttp2Session);
    if (connection === undefined) {
      stream.destroy();
      return;
    }
    const at = { requestId: newId('request'), path: String(headers[':path'] ?? '/').split('?')[0] ?? '/' };
    stream.on('error', (error) => this.#parts.log.debug({ err: error, request_id: at.requestId }, 'a request of an agent broke off'));
    const held = connection.hold();
    stream.once('close', () => held.abort(GONE));
    try {
      sendAnswer(stream, await Promise.race([this.#work(connection, stream, headers, at.path, held.signal), aborted(held.signal)]));
    } catch (error) {
      if (error === GONE) return;
      const problem = asApiError(foreseen(error));
      this.#note(problem, connection, at);
      sendProblem(stream, problem, at);
      this.#part(connection, problem);
    } finally {
      held.release();
    }
  }

  async #work(connection: AgentConnection, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, path: string, signal: AbortSignal): Promise<AgentAnswer> {
    refuseOtherProtocols(headers[PROTOCOL_HEADER]);
    const method = headers[':method'] ?? '';
    if (path === AGENT_PATHS.enrol && method === 'POST') {
      const read = (): Promise<EnrolRequest> => readBody(stream, headers['content-type'], 'enrol_request');
      return { status: 201, json: await this.#parts.enrol(headers.authorization, read, connection) };
    }
    this.#refuseTooMany(connection);
    const agent = await this.#parts.admission.admit(connection.presented, signal);
    const { route, name } = this.#find(method, path);
    const body = route.message === null ? undefined : await readBody(stream, headers['content-type'], route.message);
    return route.answer(agent, { name, body, headers });
  }

  #refuseTooMany({ presented }: AgentConnection): void {
    if (presented.kind !== 'agent' || this.#requests.take(presented.serial) !== null) return;
    throw new ApiError('rate_limited', 'The agent asks far more often than an agent does.', { retryAfter_s: 1 });
  }

  #find(method: string, path: string): { readonly route: AgentRoute; readonly name: string } {
    for (const route of this.#parts.routes) {
      if (route.method !== method) continue;
      if (route.message !== null ? path === route.path : path.startsWith(`${route.path}/`)) return { route, name: path.slice(route.path.length + 1) };
    }
    throw new ApiError('not_found', 'Agents are answered nothing here.');
  }

  /** After some refusals there is nothing to ask on the connection that would not be refused again, and after one on no connection of the agent. */
  #part(connection: AgentConnection, problem: ApiError): void {
    if (problem.code === 'agent_revoked' && connection.presented.kind === 'agent') this.connections.end(connection.presented.name.agent_id, problem);
    else if (ENDS_THE_CONNECTION.has(problem.code)) connection.close();
  }

  #note(problem: ApiError, { presented, address }: AgentConnection, { requestId, path }: { readonly requestId: string; readonly path: string }): void {
    const who = presented.kind === 'agent' ? { agent_id: presented.name.agent_id, tenant_id: presented.name.tenant_id } : { address };
    if (problem.code === 'internal' || problem.code === 'unavailable' || problem.code === 'root_key_unreachable') this.#parts.log.error({ request_id: requestId, path, ...who, err: problem.cause }, problem.code);
    else this.#parts.log.info({ request_id: requestId, path, ...who, code: problem.code }, 'an agent was refused');
  }
}

function tlsOptions({ cert, key }: ServerIdentity, authority: CertificateAuthority) {
  return { cert, key, ca: authority.certificate_pem, minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET, allowHTTP1: false } as const;
}

/** Nobody is there to be answered. */
const GONE = new ApiError('request_invalid', 'Whoever asked has gone.');
const ENDS_THE_CONNECTION: ReadonlySet<string> = new Set(['certificate_invalid', 'agent_expired', 'tenant_elsewhere', 'tenant_suspended']);

function refuseOtherProtocols(said: string | string[] | undefined): void {
  if (SUPPORTED_PROTOCOLS.some((one) => String(one) === said)) return;
  throw new ApiError('protocol_unsupported', `This cell speaks protocol ${SUPPORTED_PROTOCOLS.join(', ')}; the header ${PROTOCOL_HEADER} says ${typeof said === 'string' ? JSON.stringify(said.slice(0, 20)) : 'none'}.`);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
