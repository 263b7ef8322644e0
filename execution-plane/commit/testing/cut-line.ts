import net from 'node:net';

/** A line to a server that can be cut at the worst moment. */
export class CutLine {
  readonly #target: URL;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #cut: 'question' | 'answer' | null = null;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = net.createServer((client) => this.#join(client));
  }

  static async open(url: string): Promise<CutLine> {
    const line = new CutLine(new URL(url));
    await new Promise<void>((resolve) => { line.#server.listen(0, '127.0.0.1', resolve); });
    return line;
  }

  /** The same server, through this line. */
  get url(): string {
    const url = new URL(this.#target.href);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as net.AddressInfo).port);
    return url.href;
  }

  /** Cuts the connection that is used next: before the server hears of it, or before its answer comes back. */
  cutAt(moment: 'question' | 'answer'): void {
    this.#cut = moment;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  #join(client: net.Socket): void {
    const server = net.connect(Number(this.#target.port), this.#target.hostname);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => { client.destroy(); server.destroy(); });
    }
    client.on('data', (bytes) => { if (!this.#cuts('question', client)) server.write(bytes); });
    server.on('data', (bytes) => { if (!this.#cuts('answer', client)) client.write(bytes); });
  }

  #cuts(moment: 'question' | 'answer', client: net.Socket): boolean {
    if (this.#cut !== moment) return false;
    this.#cut = null;
    client.resetAndDestroy();
    return true;
  }
}
