import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import { Chain } from './chain.ts';
import type { StepRunnerOptions } from './step-runner-options.ts';

/** Runs claimed steps to the end of their turn, and goes on with the next step of the run while there is exactly one. */
export class StepRunner {
  readonly #options: StepRunnerOptions;
  readonly #stopping = new AbortController();
  #draining = false;

  constructor(options: StepRunnerOptions) {
    this.#options = options;
  }

  /** Whether the worker stops: nothing new begins. */
  get draining(): boolean {
    return this.#draining;
  }

  /** From now on a step that ends is not followed by the next one. */
  drain(): void {
    this.#draining = true;
  }

  /** Aborts the calls under way: the deadline for draining is over. */
  abort(): void {
    this.#stopping.abort();
  }

  /** Never rejects: what goes wrong with a step is in its row, what goes wrong around it in the log, and the sweeper comes after it. */
  async run(first: ClaimedStep): Promise<void> {
    const { log } = this.#options;
    const chain = new Chain({ ...this.#options, isDraining: () => this.#draining, stopping: this.#stopping.signal }, first);
    await chain.run(first).catch((error: unknown) => {
      if (error instanceof StaleLeaseError) log.debug({ run_id: first.facts.run.id, err: error }, 'the lease was lost; another worker has the step');
      else log.error({ err: error, run_id: first.facts.run.id }, 'a step could not be written; it is taken up again when its lease is over');
    });
  }
}
