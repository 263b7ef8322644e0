import pg from 'pg';

/**
 * LISTEN on a connection of its own, reconnecting for ever. A notification is a hint: who listens must also poll,
 * because one sent while the connection was down is lost.
 */
export class Listener {
  readonly #url: string;
  readonly #channels: ReadonlyMap<string, (payload: string) => void>;
  readonly #onError: (error: Error) => void;
  #client: pg.Client | undefined;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(url: string, channels: Readonly<Record<string, (payload: string) => void>>, onError: (error: Error) => void) {
    this.#url = url;
    this.#channels = new Map(Object.entries(channels));
    this.#onError = onError;
  }

  /** Resolves when it listens; if the first attempt fails it goes on trying behind the scenes. */
  async start(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, application_name: 'countersign listener', keepAlive: true });
    this.#client = client;
    client.on('error', (error) => this.#reconnect(client, error));
    client.on('end', () => this.#reconnect(client, undefined));
    client.on('notification', (message) => this.#channels.get(message.channel)?.(message.payload ?? ''));
    try {
      await client.connect();
      for (const channel of this.#channels.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      this.#reconnect(client, error as Error);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => undefined);
  }

  #reconnect(client: pg.Client, error: Error | undefined): void {
    if (this.#stopped || client !== this.#client) return;
    this.#client = undefined;
    if (error) this.#onError(error);
    client.end().catch(() => undefined);
    this.#retry = setTimeout(() => void this.start(), 500);
  }
}

/** Tells every listener of `channel`. Sent outside of the transaction it speaks of: inside, commits would queue for a global lock. */
export async function notify(pool: pg.Pool, channel: string, payload = ''): Promise<void> {
  await pool.query({ name: 'notify', text: 'SELECT pg_notify($1, $2)', values: [channel, payload] });
}
