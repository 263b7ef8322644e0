import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { LookupFunction } from 'node:net';
import { MAX_BODY_BYTES, PROTOCOL, PROTOCOL_HEADER } from '@countersign/contracts/agent/protocol.ts';
import { dial } from './dial.ts';
import type { SessionProxy } from './dial.ts';
import { SessionError } from './errors.ts';
import { secure } from './secure.ts';
import type { ClientIdentity } from './secure.ts';

export interface CellAddress {
  readonly url: URL;
  /** The cell's own authority. */
  readonly ca_pem: string;
  readonly proxy: SessionProxy | null;
  /** In place of the system's resolver. */
  readonly lookup?: LookupFunction;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: Buffer;
  /** From the request's last byte to the answer's first. */
  readonly rtt_ms: number;
}

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly timeout_ms: number;
  readonly max_bytes?: number;
  /** Takes the question back: nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** A connection that nothing is heard on for this long is asked whether it is there, and given up when it says nothing for as long again. */
const PING_MS = 10_000;

/** The one connection to the cell: polls, deliveries and everything else at the same time. It never comes back; a new one is made. */
export class CellConnection {
  readonly #session: ClientHttp2Session;
  /** When the cell last answered anything. */
  heard_at: Date | null = null;
  /** Ends when the connection has, for whatever reason. */
  readonly closed: Promise<void>;

  private constructor(session: ClientHttp2Session, ping_ms: number) {
    this.#session = session;
    this.closed = new Promise((resolve) => session.once('close', resolve));
    session.on('error', () => session.destroy());
    session.on('goaway', () => session.close());
    this.#watch(ping_ms);
  }

  /** @throws SessionError `cell_unreachable`, `proxy_refused`, `cell_untrusted` */
  static async open({ url, ca_pem, proxy, lookup }: CellAddress, identity: ClientIdentity | null, ping_ms = PING_MS): Promise<CellConnection> {
    const socket = await secure(await dial(url, proxy, lookup), url, ca_pem, identity);
    return new CellConnection(connect(url, { createConnection: () => socket }), ping_ms);
  }

  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** @throws SessionError `cell_silent`, `answer_invalid`, `taken_back` */
  ask({ method, path, headers = {}, json, timeout_ms, max_bytes = MAX_BODY_BYTES, signal }: Question): Promise<Answer> {
    if (!this.isOpen) return Promise.reject(new SessionError('cell_silent', 'The connection to the cell has ended.'));
    if (signal?.aborted === true) return Promise.reject(takenBack(path));
    return new Promise((resolve, reject) => {
      const asked = performance.now();
      const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
      const stream = this.#session.request({
        ':method': method, ':path': path, [PROTOCOL_HEADER]: String(PROTOCOL), ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }), ...headers,
      }, { endStream: body === undefined });
      const settled = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', takeBack);
      };
      const failed = (error: SessionError): void => {
        settled();
        stream.close(constants.NGHTTP2_CANCEL);
        reject(error);
      };
      const takeBack = (): void => failed(takenBack(path));
      signal?.addEventListener('abort', takeBack);
      const timer = setTimeout(() => failed(new SessionError('cell_silent', `The cell did not answer ${path} within ${timeout_ms} ms.`)), timeout_ms);
      stream.once('error', (cause) => failed(new SessionError('cell_silent', `The connection broke off while the cell was asked for ${path}.`, { cause })));
      stream.once('response', (answered) => {
        const rtt_ms = performance.now() - asked;
        this.heard_at = new Date();
        const chunks: Buffer[] = [];
        let size = 0;
        stream.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > max_bytes) return failed(new SessionError('answer_invalid', `The cell answered ${path} with more than ${max_bytes} bytes.`));
          chunks.push(chunk);
        });
        stream.once('end', () => {
          settled();
          resolve({ status: answered[':status'] ?? 0, headers: answered, body: Buffer.concat(chunks), rtt_ms });
        });
      });
      // Ended without an answer: reset by the cell, or the connection is gone.
      stream.once('close', () => failed(new SessionError('cell_silent', `The cell ended ${path} without an answer.`)));
      if (body !== undefined) stream.end(body);
    });
  }

  close(): void {
    this.#session.destroy();
  }

  /** Ends when what was asked is answered. Nothing more can be asked. */
  letGo(): void {
    this.#session.close();
  }

  /** A network that swallows everything, a laptop that slept, a NAT that forgot: only asking shows it. */
  #watch(ping_ms: number): void {
    const timer = setInterval(() => {
      const silent = setTimeout(() => this.#session.destroy(), ping_ms);
      const sent = this.isOpen && this.#session.ping((error) => {
        clearTimeout(silent);
        if (error !== null) this.#session.destroy();
      });
      if (!sent) clearTimeout(silent);
    }, ping_ms);
    timer.unref();
    void this.closed.then(() => clearInterval(timer));
  }
}

function takenBack(path: string): SessionError {
  return new SessionError('taken_back', `${path} was taken back.`);
}
