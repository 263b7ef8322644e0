import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LedgerRecord {
  id: string;
  title: string;
  category: string;
  version: number;
}

/** What the server does with the next writes instead of answering them well; one entry per write, then it behaves. */
export type WriteFault = 'busy' | 'unavailable' | 'applied_then_hangs_up' | 'hangs_up' | 'forbidden' | 'held';

/** A small system of record for tests: real HTTP over a real socket, versions, a log of effects, and faults on demand. */
export class LedgerServer {
  readonly records = new Map<string, LedgerRecord>();
  /** Every write that took effect, in order, with the reference that it carried. */
  readonly effects: Array<{ id: string; category: string; reference: string }> = [];
  readonly faults: WriteFault[] = [];
  reads = 0;
  /** Reads are held as a write with the fault `held` is. */
  holdReads = false;
  readonly #server: Server;
  #release: Array<() => void> = [];
  #onHeld: (() => void) | undefined;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where it listens. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resolves when a request is being held. */
  requestHeld(): Promise<void> {
    return new Promise((resolve) => { this.#onHeld = resolve; });
  }

  /** Answers what was held. */
  release(): void {
    for (const go of this.#release.splice(0)) go();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, kind, id = ''] = (request.url ?? '').split('?')[0]!.split('/');
    const record = this.records.get(decodeURIComponent(id));
    if (kind === 'effects') return send(response, 200, { found: this.effects.some((effect) => effect.reference === new URL(request.url ?? '', 'http://ledger').searchParams.get('reference')) });
    if (record === undefined) return send(response, 404, { error: 'no such record' });
    if (request.method === 'GET') {
      this.reads += 1;
      if (this.holdReads) await this.#hold();
      return send(response, 200, record);
    }
    return this.#write(record, await bodyOf(request) as { category: string; reference: string }, request, response);
  }

  async #write(record: LedgerRecord, change: { category: string; reference: string }, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.faults.shift();
    if (fault === 'busy') return send(response, 429, { error: 'slow down' });
    if (fault === 'unavailable') return send(response, 503, { error: 'later' });
    if (fault === 'forbidden') return send(response, 403, { error: 'no' });
    if (fault === 'hangs_up') {
      request.socket.destroy();
      return;
    }
    record.category = change.category;
    record.version += 1;
    this.effects.push({ id: record.id, ...change });
    if (fault === 'applied_then_hangs_up') {
      request.socket.destroy();
      return;
    }
    if (fault === 'held') await this.#hold();
    send(response, 200, record);
  }

  #hold(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#release.push(resolve);
      this.#onHeld?.();
    });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
