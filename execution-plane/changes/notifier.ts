import type { Database } from '@countersign/platform/postgres/database.ts';
import { sendNotifications } from './queries.ts';

interface Message {
  readonly channel: string;
  readonly payload: string;
}

/** Between two sendings. */
const GAP_MS = 5;

/**
 * Sends notifications, coalesced: NOTIFY inside the transactions would queue every commit for one lock of the whole server, so they go
 * out after them: the first at once, and then all that gathered in a few milliseconds together.
 */
export class Notifier {
  readonly #database: Database;
  readonly #onError: (error: unknown) => void;
  #pending = new Map<string, Message>();
  /** What may wait for longer, and is not sent at all where news of the same come before. */
  readonly #unhurried = new Map<string, Message>();
  #timer: NodeJS.Timeout | undefined;
  #unhurriedTimer: NodeJS.Timeout | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sending: Promise<void> = Promise.resolve();

  constructor(database: Database, onError: (error: unknown) => void) {
    this.#database = database;
    this.#onError = onError;
  }

  /** The last of those with the same `key` on a channel is sent; within `withinMs` where that is given, else at once. */
  send(channel: string, payload = '', key = '', withinMs = 0): void {
    const name = `${channel} ${key}`;
    if (withinMs > 0) {
      this.#unhurried.set(name, { channel, payload });
      this.#unhurriedTimer ??= setTimeout(() => this.#hurry(), withinMs);
      return;
    }
    this.#unhurried.delete(name);
    this.#pending.set(name, { channel, payload });
    this.#timer ??= setTimeout(() => this.#send(), Math.max(0, this.#sentAt + GAP_MS - performance.now()));
  }

  /** Sends what is still waiting. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#unhurriedTimer);
    this.#hurry();
    clearTimeout(this.#timer);
    this.#send();
    await this.#sending;
  }

  #hurry(): void {
    this.#unhurriedTimer = undefined;
    const unhurried = [...this.#unhurried];
    this.#unhurried.clear();
    for (const [name, message] of unhurried) if (!this.#pending.has(name)) this.#pending.set(name, message);
    if (unhurried.length > 0) this.#timer ??= setTimeout(() => this.#send(), 0);
  }

  #send(): void {
    this.#timer = undefined;
    this.#sentAt = performance.now();
    const messages = [...this.#pending.values()];
    this.#pending = new Map();
    if (messages.length === 0) return;
    this.#sending = this.#sending.then(() => sendNotifications(this.#database, messages)).catch(this.#onError);
  }
}
