import type { AuditRow } from '../audit/events.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { RunChange, StepChange } from '../dispatch/repository-transitions.ts';
import type { CostRow, DecisionRow, IntentRow, OutcomeRow, WrittenVersionRow } from './rows.ts';

/** Who writes: the holder of a step, under its fence. */
export interface Holder {
  readonly tenantId: string;
  readonly runId: string;
  readonly stepId: string;
  readonly fence: string;
}

/** The run as moves were decided on it: they are written only while it is still so. */
export interface Expected {
  readonly runState: string;
  /** States of all its steps, by the order of their ids, with blanks between. */
  readonly stepStates: string;
  /** Whether a further step of it begins with these moves. */
  readonly begins: boolean;
}

/** Rows that commit together. */
export interface Rows {
  readonly steps: readonly StepChange[];
  readonly runs: readonly RunChange[];
  readonly contents: readonly SealedContent[];
  readonly decisions: readonly DecisionRow[];
  readonly intents: readonly IntentRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly costs: readonly CostRow[];
  readonly written: readonly WrittenVersionRow[];
  readonly events: readonly AuditRow[];
}

/** One thing that a worker says of a step that it holds: the outcome of a call, the end of the step, the intent of the next call. */
export interface Part {
  readonly holder: Holder;
  /** Of moves; null for what moves nothing. */
  readonly expected: Expected | null;
  /** At least one event among them: whether a part is committed is found out by it when a connection breaks. */
  readonly rows: Partial<Rows> & Pick<Rows, 'events'>;
}

/**
 * What became of a part.
 *
 * `stale`: the lease is not held any more. `changed`: the lease is held, but the run is not as expected. `refused`: PostgreSQL refused its
 * rows, and its alone. `dropped`: a part before it was not written, so this one was not tried. In all four nothing of it is written.
 */
export type PartResult = { readonly kind: 'done' | 'stale' | 'changed' | 'dropped' } | { readonly kind: 'refused'; readonly error: unknown };

export function stateLine(steps: ReadonlyArray<{ readonly id: string; readonly state: string }>): string {
  return steps.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ state }) => state).join(' ');
}
