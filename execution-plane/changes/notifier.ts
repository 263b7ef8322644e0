import type { Database } from '@countersign/platform/postgres/database.ts';
import { sendNotifications } from './queries.ts';

const GAP_MS = 5;

/**
 * Sends notifications, coalesced: NOTIFY inside the transactions would queue every commit for one lock of the whole server, so they go
 * out after them, all that gathered in a few milliseconds at once.
 */
export class Notifier {
  readonly #database: Database;
  readonly #onError: (error: unknown) => void;
  readonly #pending = new Map<string, { readonly channel: string; readonly payload: string }>();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(database: Database, onError: (error: unknown) => void) {
    this.#database = database;
    this.#onError = onError;
  }

  /** The last of those with the same `key` on a channel is sent. */
  send(channel: string, payload = '', key = ''): void {
    this.#pending.set(`${channel} ${key}`, { channel, payload });
    this.#timer ??= setTimeout(() => this.#send(), GAP_MS);
  }

  /** Sends what is still waiting. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#send();
    await this.#sending;
  }

  #send(): void {
    this.#timer = undefined;
    const messages = [...this.#pending.values()];
    this.#pending.clear();
    if (messages.length === 0) return;
    this.#sending = this.#sending.then(() => this.#database.forNoTenant((tx) => sendNotifications(tx, messages))).catch(this.#onError);
  }
}
