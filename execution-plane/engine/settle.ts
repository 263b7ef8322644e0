import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import { giveUpBlocked, release } from './release.ts';
import { ENDED, isStepOfItem, isStoppable, OPEN, withMoves } from './run-graph.ts';
import type { Move, RunGraph, StepNode } from './run-graph.ts';
import { settleItems } from './settle-items.ts';

/** What follows from the states as they are: each step at most once, and where the run goes, if anywhere. */
export interface Settlement {
  readonly steps: readonly Move[];
  readonly run: { readonly from: RunState; readonly to: RunState } | null;
}

/**
 * Decides what becomes of a run after some of its steps have moved. No I/O, no clock: the same graph always settles the same way.
 * Settling twice changes nothing more.
 */
export function settle(run: RunGraph): Settlement {
  if (ENDED.has(run.state)) return { steps: [], run: null };
  const moves = run.state === 'cancelling' ? cancelStoppable(run) : releaseBlocked(run);
  const settled = withMoves(run.steps, moves);
  const closing = settled.some((step) => OPEN.has(step.state)) ? [] : giveUpBlocked(settled);
  const to = nextRunState(run, withMoves(settled, closing));
  return { steps: [...moves, ...closing], run: to === run.state ? null : { from: run.state, to } };
}

/** The graph with `moves` made. */
export function applied<Graph extends RunGraph>(run: Graph, moves: ReadonlyArray<{ readonly key: string; readonly to: StepState }>): Graph {
  return { ...run, steps: withMoves(run.steps, moves) };
}

function cancelStoppable(run: RunGraph): Move[] {
  return run.steps.filter(isStoppable).map((step) => ({ key: step.key, from: step.state, to: 'cancelled', why: 'the run was cancelled' }));
}

/** Steps of the workflow itself first, then the items of its maps, which move no step outside of them but their map. */
function releaseBlocked({ steps }: RunGraph): Move[] {
  const own = steps.filter((step) => !isStepOfItem(step));
  const moves = release(own);
  const hasItems = own.length < steps.length || own.some((step) => step.itemRules != null);
  return hasItems ? [...moves, ...settleItems(withMoves(steps, moves))] : moves;
}

/** A step of an item that broke is its map's affair: whether the run fails by it, the map says. */
function nextRunState({ state: from, overdue = false }: RunGraph, steps: readonly StepNode[]): RunState {
  const open = steps.filter((step) => OPEN.has(step.state));
  if (from === 'cancelling') {
    if (open.length > 0) return 'cancelling';
    return overdue || steps.some((step) => step.state === 'dead' && !wasLeftBehind(step, steps)) ? 'failed' : 'cancelled';
  }
  if (open.length === 0) return steps.some((step) => (step.state === 'failed' || step.state === 'dead') && !isStepOfItem(step)) ? 'failed' : 'succeeded';
  if (from === 'queued') return 'queued';
  return open.every((step) => step.state === 'waiting') ? 'waiting' : 'running';
}

/** A step of an item that its map has gone on without. */
function wasLeftBehind({ key }: StepNode, steps: readonly StepNode[]): boolean {
  const map = itemKeyOf(key)?.map;
  return map !== undefined && steps.some((step) => step.key === map && step.state === 'succeeded');
}
