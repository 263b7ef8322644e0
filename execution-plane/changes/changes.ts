import { CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import type { Change } from '@countersign/contracts/events/change.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { sendNotifications } from './queries.ts';

/** Told after the commit of what they speak of. Hints: whoever needs certainty reads the tables. */
export interface Changes {
  changed(change: Change): void;
  /** Some step can be claimed that its mover does not go on with itself. */
  stepsReady(): void;
}

const GAP_MS = 5;

/**
 * Sends what changed on channels that others listen to, coalesced: NOTIFY inside the transactions would queue every commit for one
 * lock of the whole server, so it goes out after them, all that gathered in a few milliseconds at once.
 */
export class PostgresChanges implements Changes {
  readonly #database: Database;
  readonly #onError: (error: unknown) => void;
  readonly #onStepsReady: () => void;
  readonly #pending = new Map<string, Change>();
  #wakesWorkers = false;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  /** `onStepsReady` wakes this process at once; the others hear of it by notification. */
  constructor(database: Database, onError: (error: unknown) => void, onStepsReady: () => void) {
    this.#database = database;
    this.#onError = onError;
    this.#onStepsReady = onStepsReady;
  }

  changed(change: Change): void {
    this.#pending.set(change.id, change);
    this.#schedule();
  }

  stepsReady(): void {
    this.#wakesWorkers = true;
    this.#onStepsReady();
    this.#schedule();
  }

  /** Sends what is still waiting. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#send();
    await this.#sending;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#send(), GAP_MS);
  }

  #send(): void {
    this.#timer = undefined;
    const messages = [...this.#pending.values()].map((change) => ({ channel: CHANGES_CHANNEL as string, payload: JSON.stringify(change) }));
    if (this.#wakesWorkers) messages.push({ channel: 'countersign_steps', payload: '' });
    this.#pending.clear();
    this.#wakesWorkers = false;
    if (messages.length === 0) return;
    this.#sending = this.#sending.then(() => this.#database.forNoTenant((tx) => sendNotifications(tx, messages))).catch(this.#onError);
  }
}
