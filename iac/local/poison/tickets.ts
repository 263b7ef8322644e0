import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GOOD_RECORD, POISONS } from './poisons.ts';

/** A ticket whose answer is bad is called after the poison that it holds. */
export function ticketId(poison: number, n: number): string {
  return `ticket-${poison}-${n}`;
}

/** The system of record: it answers with good records, and with bad ones for tickets that are called so. Counts how often each is read. */
export class Tickets {
  readonly reads = new Map<string, number>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const id = decodeURIComponent((request.url ?? '').split('/')[2] ?? '');
      this.reads.set(id, (this.reads.get(id) ?? 0) + 1);
      const [, poison] = /^ticket-(\d+)-\d+$/.exec(id) ?? [];
      const bad = poison === undefined ? undefined : POISONS[Number(poison)];
      response.writeHead(200, { 'content-type': 'application/json' }).end(bad?.by === 'ticket' ? bad.answer(id) : GOOD_RECORD(id));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
