import { SpoolError } from '../spool/errors.ts';
import type { Spool } from '../spool/spool.ts';
import { backoff } from './backoff.ts';
import type { CellLink } from './cell-link.ts';
import { deliver } from './deliver.ts';
import { SessionError } from './errors.ts';
import { Rest } from './rest.ts';

export interface DeliverLoopParts {
  readonly link: CellLink;
  readonly spool: Pick<Spool, 'epoch' | 'undelivered' | 'delivered' | 'whenUndelivered' | 'room'>;
  readonly onFailure: (error: unknown, wait_ms: number) => void;
  /** The cell holds something else than this spool, or lacks what this spool gave it: nothing that is delivered from here can follow it. */
  readonly onForked: (error: unknown) => void;
  readonly random?: () => number;
}

/** Gives the cell what is on the disk for it, as soon as something is and whenever there is a connection. */
export class DeliverLoop {
  readonly #parts: DeliverLoopParts;
  readonly #rest = new Rest();
  #stop: () => void = () => undefined;
  #stopped = false;
  #failures = 0;
  #awaiting: Array<() => void> = [];
  #running: Promise<void> = Promise.resolve();

  constructor(parts: DeliverLoopParts) {
    this.#parts = parts;
  }

  start(): void {
    const stopped = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    this.#running = this.#run(stopped);
  }

  tryNow(): void {
    this.#failures = 0;
    this.#rest.end();
  }

  /** Resolves when the cell has everything. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaiting.push(resolve);
      this.#tellAwaiting();
    });
  }

  /** Resolves when no delivery is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rest.end();
    this.#stop();
    await this.#running;
  }

  async #run(stopped: Promise<void>): Promise<void> {
    const { spool, link } = this.#parts;
    while (!this.#stopped) {
      await Promise.race([spool.whenUndelivered().then(() => link.connected()), stopped]);
      if (this.#stopped) return;
      const wait_ms = await this.#turn();
      if (wait_ms === null) return;
      if (wait_ms > 0 && !this.#stopped) await this.#rest.for(wait_ms);
    }
  }

  /** Gives how long to wait before the next; null: there is no sense in another. */
  async #turn(): Promise<number | null> {
    const { spool, link, onFailure, onForked, random = Math.random } = this.#parts;
    try {
      await deliver(spool, await link.connected());
      this.#failures = 0;
      this.#tellAwaiting();
      return 0;
    } catch (error) {
      if (isForked(error)) {
        onForked(error);
        return null;
      }
      this.#failures += 1;
      const wait_ms = backoff(this.#failures, random(), error instanceof SessionError ? error.problem?.retry_after_s : null);
      onFailure(error, wait_ms);
      return wait_ms;
    }
  }

  #tellAwaiting(): void {
    const { seq, delivered_seq } = this.#parts.spool.room();
    if (seq > delivered_seq) return;
    for (const resolve of this.#awaiting.splice(0)) resolve();
  }
}

function isForked(error: unknown): boolean {
  if (error instanceof SpoolError) return ['spool_forked', 'spool_damaged'].includes(error.code);
  return error instanceof SessionError && ['spool_forked', 'spool_gap'].includes(error.problem?.code ?? '');
}
