import { Listener } from '@countersign/platform/postgres/listener.ts';
import type { Notifier } from '../changes/notifier.ts';
import type { Wake, WakeState } from './wake.ts';

const CHANNEL = 'countersign_steps';
const POLL_MS = 1_000;

export interface PostgresWakeOptions {
  readonly databaseUrl: string;
  readonly notifier: Notifier;
  /** This worker, which has no need to be woken by itself. */
  readonly worker: string;
  readonly onError: (error: unknown) => void;
  /** Null: a second. */
  readonly pollMs: number | null;
}

/** Workers that wake one another by NOTIFY. The steps table is the queue; nothing else is written. */
export class PostgresWake implements Wake {
  readonly pollMs: number;
  readonly #options: PostgresWakeOptions;
  #listener: Listener | undefined;

  constructor(options: PostgresWakeOptions) {
    this.#options = options;
    this.pollMs = options.pollMs ?? POLL_MS;
  }

  ready(): void {
    this.#options.notifier.send(CHANNEL, this.#options.worker);
  }

  async start(onWork: () => void): Promise<void> {
    this.#listener = new Listener(this.#options.databaseUrl, { [CHANNEL]: (by) => { if (by !== this.#options.worker) onWork(); } }, this.#options.onError);
    await this.#listener.start();
  }

  looked(): void {
    // Everybody is woken by everything, so nothing depends on who has room.
  }

  state(): Promise<WakeState> {
    return Promise.resolve({ kind: 'postgres' });
  }

  async drain(): Promise<void> {
    await this.#listener?.stop();
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.#options.notifier.flush();
  }
}
