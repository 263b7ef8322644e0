import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** The way from an agent to its cell, which can be pulled out: then what was connected is cut, and nothing connects. */
export class Cable {
  readonly #to: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(to: URL) {
    this.#to = { host: to.hostname, port: Number(to.port) };
  }

  get isPlugged(): boolean {
    return this.#server !== undefined;
  }

  /** Always the same, once it was plugged in. */
  get port(): number {
    return this.#port;
  }

  async plug(): Promise<void> {
    const server = this.#server = createServer((near) => {
      const far = connect({ ...this.#to, noDelay: true });
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy()).once('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
      near.pipe(far).pipe(near);
    }).listen(this.#port, 'localhost');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  async pull(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
