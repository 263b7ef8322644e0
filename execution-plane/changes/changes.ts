import { CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import type { Change } from '@countersign/contracts/events/change.ts';
import type { Wake } from '../wake/wake.ts';
import type { Notifier } from './notifier.ts';

/** Told after the commit of what they speak of. Hints: whoever needs certainty reads the tables. */
export interface Changes {
  changed(change: Change): void;
  /** A step of the run went on, and its state is what it was: whoever watches may hear of it a little later. */
  progressed?(change: Change): void;
  /** Some step can be claimed that its mover does not go on with itself. */
  stepsReady(): void;
}

const PROGRESS_MS = 100;

/** Tells open consoles by PostgreSQL, and workers by whatever wakes them. */
export class PostgresChanges implements Changes {
  readonly #notifier: Notifier;
  readonly #wake: Pick<Wake, 'ready'>;
  readonly #onStepsReady: () => void;

  /** `onStepsReady` wakes this process at once; the others hear of it by `wake`. */
  constructor(notifier: Notifier, wake: Pick<Wake, 'ready'>, onStepsReady: () => void) {
    this.#notifier = notifier;
    this.#wake = wake;
    this.#onStepsReady = onStepsReady;
  }

  changed(change: Change): void {
    this.#notifier.send(CHANGES_CHANNEL, JSON.stringify(change), change.id);
  }

  progressed(change: Change): void {
    this.#notifier.send(CHANGES_CHANNEL, JSON.stringify(change), change.id, PROGRESS_MS);
  }

  stepsReady(): void {
    this.#onStepsReady();
    this.#wake.ready();
  }

  /** Sends what is still waiting. */
  flush(): Promise<void> {
    return this.#notifier.flush();
  }
}
