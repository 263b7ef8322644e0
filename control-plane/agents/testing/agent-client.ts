import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { AGENT_PATHS, PROTOCOL, PROTOCOL_HEADER } from '@countersign/contracts/agent/protocol.ts';
import type { EnrolAnswer, EnrolRequest } from '@countersign/contracts/agent/protocol.ts';
import { certificateRequest } from '@countersign/platform/certificates/request.ts';

/** What an agent has once it is enrolled. */
export interface TestIdentity {
  readonly certificate_pem: string;
  readonly key: KeyObject;
}

export interface AgentReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
}

export interface AgentAsk {
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** The agent's end of a connection to the agent port, by Node's own HTTP/2 client: none of our client's code is in it. */
export class AgentClient {
  readonly socket: TLSSocket;
  /** What the server gave to come back with. */
  readonly tickets: Buffer[] = [];
  readonly #session: ClientHttp2Session;
  readonly closed: Promise<unknown>;

  private constructor(socket: TLSSocket, url: string) {
    this.socket = socket;
    socket.on('session', (ticket: Buffer) => this.tickets.push(ticket));
    this.#session = connect(url, { createConnection: () => socket });
    this.#session.on('error', () => undefined);
    this.closed = once(this.#session, 'close');
  }

  static async open(url: string, ca_pem: string, identity: TestIdentity | null, options: ConnectionOptions = {}): Promise<AgentClient> {
    const { hostname, port } = new URL(url);
    const socket = connectTls({
      host: hostname, port: Number(port), servername: 'localhost', ca: ca_pem, ALPNProtocols: ['h2'],
      ...(identity === null ? {} : { cert: identity.certificate_pem, key: identity.key.export({ type: 'pkcs8', format: 'pem' }) }), ...options,
    });
    await once(socket, 'secureConnect');
    return new AgentClient(socket, url);
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  ask(method: 'GET' | 'POST', path: string, { json, body = json === undefined ? undefined : JSON.stringify(json), headers = {} }: AgentAsk = {}): Promise<AgentReply> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({ ':method': method, ':path': path, [PROTOCOL_HEADER]: String(PROTOCOL), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, { endStream: body === undefined });
      const chunks: Buffer[] = [];
      let answered: Record<string, unknown> | undefined;
      stream.once('response', (found) => { answered = found; });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('error', reject);
      stream.once('close', () => {
        if (answered === undefined) return reject(new TypeError(`no answer to ${path}`));
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: Number(answered[':status']), headers: answered, body: text.startsWith('{') ? JSON.parse(text) as Record<string, unknown> : {} });
      });
      if (body !== undefined) stream.end(body);
    });
  }

  /** A new certificate for `key`. */
  renew(key: KeyObject): Promise<AgentReply> {
    return this.ask('POST', AGENT_PATHS.renew, { json: { csr_pem: certificateRequest(key, 'agent') } });
  }

  enrol(token: string, key: KeyObject, changes: Partial<EnrolRequest> = {}): Promise<AgentReply> {
    return this.ask('POST', AGENT_PATHS.enrol, { headers: { authorization: `Enrolment ${token}` }, json: { ...enrolRequest(key), ...changes } });
  }

  close(): void {
    this.#session.destroy();
  }
}

export function enrolRequest(key: KeyObject): EnrolRequest {
  const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  return { protocol: PROTOCOL, version: '0.1.0', platform: 'linux-x64', csr_pem: certificateRequest(key, 'agent'), encryption_jwk: { kty: 'EC', crv: 'P-256', x, y }, labels: {}, capacity: 8 };
}

/** Enrols with `token` over a connection of its own. */
export async function enrolled(url: string, ca_pem: string, token: string): Promise<TestIdentity & { readonly answer: EnrolAnswer }> {
  const client = await AgentClient.open(url, ca_pem, null);
  const key = newKey();
  const { status, body } = await client.enrol(token, key);
  client.close();
  if (status !== 201) throw new TypeError(`not enrolled: ${status} ${JSON.stringify(body)}`);
  const answer = body as unknown as EnrolAnswer;
  return { certificate_pem: answer.certificate_pem, key, answer };
}
