import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';

/** What something happened in: the facts of a run are one. */
export interface Place {
  readonly tenant: { readonly id: string };
  readonly environment: { readonly id: string; readonly name: string };
  readonly run: { readonly id: string; readonly workflow: string };
}

/**
 * Told after the commit of what happened, once for each. Never throws and never waits: what it keeps are counts. Implementations:
 * `figures.ts`, and `NOBODY` where nobody looks.
 */
export interface Observer {
  /** A claim, also that of the next step by the worker that made it ready (which waited for nothing). */
  stepClaimed(place: Place, waited_ms: number): void;
  /** The end of a turn: what the step is now. */
  stepTurned(place: Place, to: StepState, took_ms: number): void;
  runStarted(place: Place): void;
  /** `failed`, `succeeded` or `cancelled`; how long it took is told by its id. */
  runEnded(place: Place, state: RunState): void;
  decided(place: Place, outcome: string): void;
}

export const NOBODY: Observer = { stepClaimed: () => {}, stepTurned: () => {}, runStarted: () => {}, runEnded: () => {}, decided: () => {} };
