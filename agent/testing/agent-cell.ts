import { hash, randomBytes, X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { readEnrolmentToken, writeEnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import schema from '@countersign/contracts/agent/protocol.schema.json' with { type: 'json' };
import { AGENT_PATHS, POLL_HELD_MS } from '@countersign/contracts/agent/protocol.ts';
import type { DeliverRequest, EncryptionJwk, EnrolAnswer, EnrolRequest, PollAnswer, PollRequest, RenewRequest } from '@countersign/contracts/agent/protocol.ts';
import { readSpiffeId, spiffeIdOf } from '@countersign/contracts/agent/spiffe-id.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import { issueCertificate, publicKeyOfRequest } from '@countersign/platform/certificates/issue.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { CELL_KEY, id, keySet, SELF, signedKeySet } from '../orders/testing/orders.ts';
import { MemoryInbox } from '../session/testing/inbox.ts';
import { TlsCell } from '../session/testing/tls-cell.ts';

/** An agent as this cell knows it. */
export interface EnrolledAgent {
  readonly agent_id: string;
  encryption_jwk: EncryptionJwk;
  /** What it said in its polls, the last one last. */
  readonly polls: PollRequest[];
  /** What it delivered, by the epoch of its spool. */
  readonly inboxes: Map<string, MemoryInbox>;
  state: PollAnswer['state'] | 'revoked';
  renewals: number;
}

export interface AgentCellOptions {
  /** Of a cell that was there before, which agents believe: without it a new one. */
  readonly authority?: CertificateAuthority;
  readonly host?: string;
  readonly port?: number;
  readonly poll_held_ms?: number;
  /** How long certificates are still good for, and how much of their life is over when they are given: one that is to be renewed soon need not end soon. */
  readonly certificate_ms?: number;
  readonly certificate_age_ms?: number;
  /** What this cell says the time is. */
  readonly now?: () => Date;
}

/** A bundle as the cell serves it. */
export interface ServedBundle {
  readonly body: Uint8Array;
  readonly seq: number;
  readonly digest: string;
}

type Asked = Readonly<{ agent: EnrolledAgent; body: unknown; etag: string | undefined; path: string; until: Promise<unknown> }>;
type Answered = Readonly<{ status: number; json?: object; body?: Uint8Array; headers?: Readonly<Record<string, string>> }>;

const ajv = new Ajv2020({ strict: false }).addSchema(schema);

/**
 * A stand-in for the agent port of a cell: real TLS by an authority of its own, real certificates, and the protocol as `contracts/agent/protocol.ts` says
 * it, kept in memory. It makes no orders and no policy; a test gives it those.
 */
export class AgentCell {
  readonly agents = new Map<string, EnrolledAgent>();
  /** Paths and answers of every request, in their order. */
  readonly answered: Array<{ readonly path: string; readonly status: number; readonly code: string | null }> = [];
  /** Orders to be offered until the agent says that it has them. */
  readonly orders: DsseEnvelope[] = [];
  bundle: ServedBundle | null = null;
  keySet: { seq: number; envelope: DsseEnvelope } = { seq: 1, envelope: signedKeySet(keySet(1, [CELL_KEY]), CELL_KEY) };
  killSwitches: PollAnswer['kill_switches'] = [];
  /** What the next deliveries come to: taken and answered, refused for now, taken with the answer lost, or lost before. Afterwards all are answered. */
  deliveries: Array<'answered' | 'refused' | 'lost before' | 'lost after'> = [];
  now: () => Date;
  readonly #options: AgentCellOptions;
  readonly #news = new EventEmitter().setMaxListeners(0);
  readonly #tokens = new Map<string, 'issued' | 'used'>();
  #tls!: TlsCell;

  private constructor(options: AgentCellOptions) {
    this.#options = options;
    this.now = options.now ?? (() => new Date());
  }

  static async start(options: AgentCellOptions = {}): Promise<AgentCell> {
    const cell = new AgentCell(options);
    cell.#tls = await TlsCell.start((request, response) => void cell.#serve(request, response), options);
    return cell;
  }

  get url(): URL {
    return this.#tls.url;
  }

  get authority(): CertificateAuthority {
    return this.#tls.authority;
  }

  /** Every connection that was ever made, with those that have ended. */
  get sockets(): readonly TLSSocket[] {
    return this.#tls.sockets;
  }

  get openSockets(): readonly TLSSocket[] {
    return this.#tls.sockets.filter((socket) => !socket.destroyed);
  }

  /** A token for one enrolment. */
  token(url = this.url.origin): string {
    const token = writeEnrolmentToken({
      url, ca_sha256: hash('sha256', new X509Certificate(this.authority.certificate_pem).raw, 'hex'), tenant_id: SELF.tenant_id, id: newId('enrolment_token'), secret: randomBytes(32).toString('base64url'),
    });
    this.#tokens.set(token, 'issued');
    return token;
  }

  /** The only agent, or the one of an id. */
  agent(agentId: string = SELF.agent_id): EnrolledAgent {
    const agent = this.agents.get(agentId);
    if (agent === undefined) throw new TypeError(`${agentId} is not enrolled with this stand-in.`);
    return agent;
  }

  /** Everything that an agent delivered, in order, over all of its epochs. */
  entries(agentId?: string): readonly SpoolEntry[] {
    return [...this.agent(agentId).inboxes.values()].flatMap((inbox) => inbox.entries);
  }

  /** Ends the polls that are held: there is something to say. */
  say(change: () => void = () => undefined): void {
    change();
    this.#news.emit('said');
  }

  /** Resolves when `holds`, looked at after every request. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#news, 'served');
  }

  /** Breaks every connection, without a word. */
  cut(): void {
    for (const socket of this.#tls.sockets) socket.destroy();
  }

  stop(): Promise<void> {
    this.#news.emit('said');
    return this.#tls.stop();
  }

  async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const answer = await this.#answer(request, response).catch((error: unknown) => problem(500, 'internal_error', String(error)));
    if (answer === 'lost') response.stream.session?.destroy();
    else {
      this.answered.push({ path: request.url, status: answer.status, code: (answer.json as { code?: string } | undefined)?.code ?? null });
      if (!response.stream.destroyed && !response.stream.closed) {
        response.writeHead(answer.status, { date: this.now().toUTCString(), 'content-type': answer.status >= 400 ? 'application/problem+json' : 'application/json', ...answer.headers });
        const content = answer.body ?? (answer.json === undefined ? null : JSON.stringify(answer.json));
        // A 304 has ended with its headers.
        if (content === null) response.end();
        else response.end(content);
      }
    }
    this.#news.emit('served');
  }

  async #answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<Answered | 'lost'> {
    const body = await bodyOf(request);
    const path = request.url;
    if (path === AGENT_PATHS.enrol) return this.#enrol(request.headers.authorization ?? '', body, this.#named(request.socket as TLSSocket));
    const agent = this.#admitted(request.socket as TLSSocket);
    if ('status' in agent) return agent;
    const asked: Asked = { agent, body, path, etag: request.headers['if-none-match'], until: once(response.stream, 'close') };
    if (path === AGENT_PATHS.renew) return checked('renew_request', body) ?? this.#renew(asked);
    if (path === AGENT_PATHS.poll) return checked('poll_request', body) ?? this.#poll(asked);
    if (path === AGENT_PATHS.deliver) return checked('deliver_request', body) ?? this.#deliver(asked);
    if (path.startsWith(`${AGENT_PATHS.policy}/`)) return this.#policy(asked);
    return problem(404, 'not_found', 'There is no such path.');
  }

  /** @param shown the agent of the certificate that the connection shows, which goes on with a token; expired or not */
  async #enrol(authorization: string, body: unknown, shown: EnrolledAgent | undefined): Promise<Answered> {
    const token = authorization.replace(/^Enrolment /, '');
    if (this.#tokens.get(token) === 'used') return problem(401, 'enrolment_token_used', 'The token was used.');
    if (readEnrolmentToken(token) === null || !this.#tokens.has(token)) return problem(401, 'enrolment_token_invalid', 'There is no such token.');
    const wrong = checked('enrol_request', body);
    if (wrong !== null) return wrong;
    this.#tokens.set(token, 'used');
    const { csr_pem, encryption_jwk } = body as EnrolRequest;
    const agent = shown === undefined || shown.state === 'revoked' ? this.#newAgent(encryption_jwk) : shown;
    agent.encryption_jwk = encryption_jwk;
    this.agents.set(agent.agent_id, agent);
    const answer: EnrolAnswer = {
      ...await this.#certificate(agent, csr_pem), agent_id: agent.agent_id, spiffe_id: spiffeIdOfAgent(agent), tenant: { id: SELF.tenant_id, slug: 'acme' }, workspace: { id: SELF.workspace_id, slug: 'it' },
      environment: { id: SELF.environment_id, name: 'prod' }, pool: SELF.pool, policy_scope: SELF.environment_id, key_set: this.keySet.envelope,
    };
    return { status: 201, json: answer };
  }

  #newAgent(encryption_jwk: EncryptionJwk): EnrolledAgent {
    return { agent_id: this.agents.size === 0 ? SELF.agent_id : newId('agent'), encryption_jwk, polls: [], inboxes: new Map(), state: 'active', renewals: 0 };
  }

  /** The agent of a certificate of this cell, whenever it was good. */
  #named(socket: TLSSocket): EnrolledAgent | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined || !certificate.verify(new X509Certificate(this.authority.certificate_pem).publicKey)) return undefined;
    return this.agents.get(readSpiffeId(certificate.subjectAltName?.replace('URI:', '') ?? '')?.agent_id ?? '');
  }

  /** Who asks, by its certificate; or why it is answered no further. */
  #admitted(socket: TLSSocket): EnrolledAgent | Answered {
    const agent = this.#named(socket);
    if (agent === undefined) return problem(401, 'certificate_invalid', 'There is no certificate of an agent of this cell.');
    if (socket.getPeerX509Certificate()!.validToDate <= this.now()) return problem(401, 'agent_expired', 'The certificate has expired.');
    return agent.state === 'revoked' ? problem(401, 'agent_revoked', 'The agent was revoked.') : agent;
  }

  async #renew({ agent, body }: Asked): Promise<Answered> {
    agent.renewals += 1;
    return { status: 200, json: await this.#certificate(agent, (body as RenewRequest).csr_pem) };
  }

  async #poll({ agent, body, until }: Asked): Promise<Answered> {
    const request = body as PollRequest;
    agent.polls.push(request);
    this.#news.emit('served');
    const received = new Set(request.received);
    for (const [at, envelope] of [...this.orders.entries()].reverse()) if (received.has(orderIdOf(envelope) ?? '')) this.orders.splice(at, 1);
    const isTold = (): boolean => (this.orders.length > 0 && request.free > 0) || request.key_set_seq < this.keySet.seq || agent.state === 'revoked';
    if (!isTold()) await this.#held(until);
    if ((agent.state as string) === 'revoked') return problem(401, 'agent_revoked', 'The agent was revoked.');
    const answer: PollAnswer = {
      orders: this.orders.slice(0, request.free), key_set: request.key_set_seq < this.keySet.seq ? this.keySet.envelope : null, kill_switches: this.killSwitches,
      policy: this.bundle === null ? [] : [{ scope: SELF.environment_id, seq: this.bundle.seq, digest: this.bundle.digest }],
      state: agent.state === 'draining' ? 'draining' : 'active', server_time: this.now().toISOString(),
    };
    return { status: 200, json: answer };
  }

  async #held(until: Promise<unknown>): Promise<void> {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), this.#options.poll_held_ms ?? POLL_HELD_MS);
    await Promise.race([until, once(this.#news, 'said', { signal: ended.signal }).catch(() => undefined)]);
    clearTimeout(timer);
  }

  #deliver({ agent, body }: Asked): Answered | 'lost' {
    const fate = this.deliveries.shift() ?? 'answered';
    if (fate === 'lost before') return 'lost';
    if (fate === 'refused') return problem(503, 'unavailable', 'Not now.');
    const request = body as DeliverRequest;
    const inbox = agent.inboxes.get(request.epoch) ?? new MemoryInbox();
    agent.inboxes.set(request.epoch, inbox);
    const answer = inbox.take(request);
    if (fate === 'lost after') return 'lost';
    return typeof answer === 'string' ? problem(409, answer, 'What is delivered does not follow what is here.') : { status: 200, json: answer };
  }

  #policy({ path, etag }: Asked): Answered {
    if (path.slice(AGENT_PATHS.policy.length + 1) !== SELF.environment_id || this.bundle === null) return problem(404, 'bundle_not_found', 'No policy was released for the environment.');
    const { body, digest } = this.bundle;
    const headers = { etag: `"${digest}"` };
    return etag === headers.etag ? { status: 304, headers } : { status: 200, headers: { ...headers, 'content-type': 'application/gzip' }, body };
  }

  async #certificate(agent: EnrolledAgent, csr_pem: string): Promise<Pick<EnrolAnswer, 'certificate_pem' | 'ca_pem' | 'server_time'>> {
    const now = this.now();
    const { pem } = await issueCertificate({
      name: agent.agent_id, use: 'client', publicKey: await publicKeyOfRequest(csr_pem), alternative_names: [{ type: 'url', value: spiffeIdOfAgent(agent) }],
      not_before: new Date(now.getTime() - (this.#options.certificate_age_ms ?? 0)), not_after: new Date(now.getTime() + (this.#options.certificate_ms ?? 3_600_000)),
    }, this.authority.name, this.authority.signer);
    return { certificate_pem: pem, ca_pem: this.authority.certificate_pem, server_time: now.toISOString() };
  }
}

function spiffeIdOfAgent({ agent_id }: EnrolledAgent): string {
  return spiffeIdOf({ cell: 'cell-1', tenant_id: SELF.tenant_id, environment_id: SELF.environment_id, pool_id: id('apl', 'p'), agent_id });
}

async function bodyOf(request: Http2ServerRequest): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}

function checked(name: string, body: unknown): Answered | null {
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${name}`) as ValidateFunction;
  return validate(body) ? null : problem(400, 'request_invalid', `${validate.errors?.[0]?.instancePath ?? ''} ${validate.errors?.[0]?.message ?? ''}`);
}

function problem(status: number, code: string, detail: string): Answered {
  return { status, json: { status, code, detail } };
}

function orderIdOf({ payload }: DsseEnvelope): string | null {
  return /"id":"(ord_[0-9a-z]{26})"/.exec(Buffer.from(payload, 'base64').toString('latin1'))?.[1] ?? null;
}
