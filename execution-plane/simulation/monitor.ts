import { BrokenInvariantError } from './store-model.ts';
import type { Holding, ModelCall, ModelStep, StoreModel } from './store-model.ts';

/** What a simulated step is. */
export interface StepKind {
  /** `write` can be looked up; `keyed` is done once by the peer; `blind` can neither be looked up nor sent twice. */
  readonly does: 'read' | 'write' | 'keyed' | 'blind';
  readonly approval: boolean;
}

/**
 * Looks over everybody's shoulder, and keeps books of its own: who claimed a step last and until when that lease runs. So a guard that is
 * missing in the store shows as a write that these books do not know.
 */
export class Monitor {
  readonly #store: StoreModel;
  readonly #kindOf: (stepId: string) => StepKind;
  readonly #newest = new Map<string, { readonly fence: number; readonly worker: string; until: number; over: boolean; readonly cancelling: boolean }>();
  readonly #sends = new Map<string, number>();

  constructor(store: StoreModel, kindOf: (stepId: string) => StepKind) {
    this.#store = store;
    this.#kindOf = kindOf;
  }

  /** Before the claim is made: what it may take. */
  claimable(now: number): ReadonlyMap<string, number> {
    return new Map([...this.#store.steps.values()].filter((step) => step.availableAt > now).map((step) => [step.id, step.availableAt]));
  }

  claimed(now: number, step: ModelStep, holding: Holding, until: number, cancelling: boolean, early: ReadonlyMap<string, number>): void {
    const before = this.#newest.get(step.id);
    if (early.has(step.id)) broken(`${step.id} was claimed at ${now} and was not due before ${early.get(step.id)}.`);
    if (before !== undefined && !before.over && before.until > now) broken(`${step.id} was claimed by ${holding.worker} while ${before.worker} held it until ${before.until} (now ${now}).`);
    const needed = this.#store.stepsOf(step.runId).filter(({ key }) => step.needs.includes(key));
    if (needed.some(({ state }) => state !== 'succeeded')) broken(`${step.id} was claimed although ${needed.find(({ state }) => state !== 'succeeded')?.key} has not succeeded.`);
    this.#newest.set(step.id, { fence: holding.fence, worker: holding.worker, until, over: false, cancelling });
  }

  renewed(stepId: string, until: number): void {
    const newest = this.#newest.get(stepId);
    if (newest !== undefined) newest.until = until;
  }

  endedEarly(worker: string, now: number): void {
    for (const newest of this.#newest.values()) if (newest.worker === worker && newest.until > now) newest.until = now;
  }

  /** Somebody wrote a step as its holder, and the store took it. */
  wrote(now: number, holding: Holding, letsGo: boolean): void {
    const newest = this.#newest.get(holding.stepId);
    const isHolder = newest !== undefined && !newest.over && newest.fence === holding.fence && newest.worker === holding.worker;
    if (!isHolder) broken(`${holding.worker} wrote ${holding.stepId} under fence ${holding.fence}, and ${newest?.worker ?? 'nobody'} has it under ${newest?.fence ?? 0}${newest?.over === true ? ', let go' : ''}.`);
    if (newest!.until <= now) broken(`${holding.worker} wrote ${holding.stepId} at ${now}, and its lease had ended at ${newest!.until}.`);
    if (letsGo) newest!.over = true;
  }

  /** The sweeper took a step away. */
  takenAway(now: number, stepId: string): void {
    const newest = this.#newest.get(stepId);
    if (newest !== undefined && !newest.over && newest.until > now) broken(`${stepId} was taken from ${newest.worker} at ${now}, whose lease runs until ${newest.until}.`);
    if (newest !== undefined) newest.over = true;
  }

  intended(call: ModelCall): void {
    if (this.#newest.get(call.stepId)?.cancelling === true) broken(`${call.stepId} began something in a run that was being cancelled when it was claimed.`);
  }

  /** @param most that may be sent of a step before somebody redrives it */
  sent(holding: Holding, most: number): void {
    if (!this.#store.calls.some((call) => call.stepId === holding.stepId && call.fence === holding.fence)) broken(`${holding.stepId} was sent under fence ${holding.fence} without an intent.`);
    const sends = (this.#sends.get(holding.stepId) ?? 0) + 1;
    if (sends > most) broken(`${holding.stepId} was sent ${sends} times, and may be tried ${most} times.`);
    this.#sends.set(holding.stepId, sends);
  }

  redriven(stepId: string): void {
    this.#sends.delete(stepId);
  }

  /** At the end, when faults have ceased long ago. */
  finally(applied: ReadonlyMap<string, readonly number[]>): void {
    for (const [effect, moments] of applied) if (moments.length > 1) broken(`The effect of ${effect} happened ${moments.length} times, at ${moments.join(' and ')}.`);
    for (const run of this.#store.runs.values()) if (!['succeeded', 'failed', 'cancelled'].includes(run.state)) broken(`${run.id} is still ${run.state}: ${this.#store.stepsOf(run.id).map((step) => `${step.key} ${step.state}`).join(', ')}.`);
    for (const step of this.#store.steps.values()) this.#isTrue(step, applied.has(step.id));
    for (const lease of this.#store.leases) if (lease.state === 'held') broken(`The lease of ${lease.stepId} under fence ${lease.fence} never ended.`);
  }

  /** What the records say of an effect is what the system of record shows. */
  #isTrue(step: ModelStep, happened: boolean): void {
    if (this.#kindOf(step.id).does === 'read') return;
    if (step.state === 'succeeded' && !happened) broken(`${step.id} succeeded, and nothing happened.`);
    const calls = this.#store.calls.filter(({ stepId }) => stepId === step.id);
    if (happened && calls.length > 0 && calls.every(({ state }) => state === 'failed') && !calls.some(isUnseen)) broken(`The records say that ${step.id} never happened, and it did.`);
    if (step.state !== 'dead' && calls.some(({ state }) => state === 'intended' || state === 'uncertain')) broken(`${step.id} is ${step.state}, and nobody found out what became of its effect.`);
  }
}

/** What the peer does once for its key is closed without a look right before it is sent again; where that then fails, the record is wrong (README). */
function isUnseen({ unseen }: ModelCall): boolean {
  return unseen === true;
}

function broken(what: string): never {
  throw new BrokenInvariantError(what);
}
