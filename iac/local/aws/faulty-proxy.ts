import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What AWS answers when it does not do what it was asked; `silence`: nothing at all. */
export type Fault = { readonly status: number; readonly code: string } | 'silence' | null;

/** Stands before a server that speaks AWS' JSON protocol and answers in its place. */
export class FaultyProxy {
  fault: Fault = null;
  /** How many requests came. */
  asked = 0;
  readonly #server;
  readonly #open = new Set<ServerResponse>();

  private constructor(target: string) {
    this.#server = createServer((from, to) => {
      this.asked += 1;
      this.#open.add(to);
      to.on('close', () => this.#open.delete(to));
      if (this.fault === 'silence') return;
      if (this.fault === null) forward(target, from, to);
      else to.writeHead(this.fault.status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type: this.fault.code, message: 'as told' }));
    });
  }

  static async start(target: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const response of this.#open) response.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function forward(target: string, from: IncomingMessage, to: ServerResponse): void {
  const asked = request(new URL(from.url ?? '/', target), { method: from.method, headers: from.headers }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
  });
  asked.on('error', () => to.destroy());
  from.pipe(asked);
}
