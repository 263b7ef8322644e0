import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { RunJournal } from './journal.ts';

/** Under which journal each step is being worked on, so that what the gateway records goes with what the engine does. */
export class Journals {
  readonly #bySteps = new Map<string, { readonly journal: RunJournal; readonly fence: string }>();

  /** What is recorded of calls of this step, under this fence, goes into `journal` until it is closed. */
  open(stepId: string, fence: string, journal: RunJournal): void {
    this.#bySteps.set(stepId, { journal, fence });
  }

  close(stepId: string, fence: string): void {
    if (this.#bySteps.get(stepId)?.fence === fence) this.#bySteps.delete(stepId);
  }

  of({ step }: CallIdentity): RunJournal | null {
    const entry = this.#bySteps.get(step.id);
    return entry?.fence === step.fence ? entry.journal : null;
  }
}
