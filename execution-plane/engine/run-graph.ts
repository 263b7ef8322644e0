import { workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import type { OnItemFailure } from '@countersign/contracts/workflow/definition.ts';
import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';

/** A run as the engine sees it: states and edges, nothing else. */
export interface RunGraph {
  readonly state: RunState;
  readonly steps: readonly StepNode[];
  /** It is being cancelled because its deadline is over: it ends failed. */
  readonly overdue?: boolean;
}

export interface StepNode {
  /** `<map>[<index>].<step>` for a step of an item. */
  readonly key: string;
  /** Keys; of a step of an item those of the same item. */
  readonly needs: readonly string[];
  readonly state: StepState;
  readonly uses?: string;
  /** Of a map whose items are planned. */
  readonly itemRules?: ItemRules | null;
}

/** As `execution.steps.item_rules` holds them. */
export interface ItemRules {
  /** Items under way at once. */
  readonly concurrency: number;
  readonly on_item_failure: OnItemFailure;
}

/** A step that follows from others. */
export interface Move {
  readonly key: string;
  readonly from: StepState;
  readonly to: 'ready' | 'skipped' | 'cancelled';
  readonly why: string;
}

/** A step in one of these will still move by itself: a worker, a person or time sees to it. */
export const OPEN: ReadonlySet<StepState> = new Set(['ready', 'leased', 'waiting', 'retrying', 'uncertain']);
export const BROKEN: ReadonlySet<StepState> = new Set(['failed', 'dead', 'cancelled']);
export const ENDED: ReadonlySet<RunState> = new Set(['succeeded', 'failed', 'cancelled']);

const STOPPABLE: ReadonlySet<StepState> = new Set(['blocked', 'ready', 'waiting', 'retrying']);

/**
 * What cancelling stops at once. Leased steps finish, and an uncertain one must first be found out about. A step that waits for the run that
 * it started is told when that has ended: what is under way there may not be forgotten.
 */
export function isStoppable({ state, uses }: StepNode): boolean {
  return STOPPABLE.has(state) && !(state === 'waiting' && uses !== undefined && workflowStartedBy(uses) !== null);
}

export function isStepOfItem({ key }: StepNode): boolean {
  return itemKeyOf(key) !== null;
}

/** The steps with `moves` made. */
export function withMoves<Node extends StepNode>(steps: readonly Node[], moves: ReadonlyArray<{ readonly key: string; readonly to: StepState }>): readonly Node[] {
  if (moves.length === 0) return steps;
  const target = new Map(moves.map((move) => [move.key, move.to]));
  return steps.map((step) => ({ ...step, state: target.get(step.key) ?? step.state }));
}
