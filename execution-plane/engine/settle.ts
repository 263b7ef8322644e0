import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';

/** A run as the engine sees it: states and edges, nothing else. */
export interface RunGraph {
  readonly state: RunState;
  readonly steps: readonly StepNode[];
}

export interface StepNode {
  readonly key: string;
  readonly needs: readonly string[];
  readonly state: StepState;
}

/** What follows from the states as they are: each step at most once, and where the run goes, if anywhere. */
export interface Settlement {
  readonly steps: ReadonlyArray<{ readonly key: string; readonly from: StepState; readonly to: 'ready' | 'skipped' | 'cancelled'; readonly why: string }>;
  readonly run: { readonly from: RunState; readonly to: RunState } | null;
}

/** A step in one of these will still move by itself: a worker, a person or time sees to it. */
const OPEN: ReadonlySet<StepState> = new Set(['ready', 'leased', 'waiting', 'retrying', 'uncertain']);
/** What cancelling stops at once. Leased steps finish, and an uncertain one must first be found out about. */
const STOPPABLE: ReadonlySet<StepState> = new Set(['blocked', 'ready', 'waiting', 'retrying']);
const BROKEN: ReadonlySet<StepState> = new Set(['failed', 'dead', 'cancelled']);
const ENDED: ReadonlySet<RunState> = new Set(['succeeded', 'failed', 'cancelled']);

/**
 * Decides what becomes of a run after some of its steps have moved. No I/O, no clock: the same graph always settles the same way.
 * Settling twice changes nothing more.
 */
export function settle(run: RunGraph): Settlement {
  if (ENDED.has(run.state)) return { steps: [], run: null };
  const moves = run.state === 'cancelling' ? cancelStoppable(run) : releaseBlocked(run);
  const settled = applied(run, moves);
  const closing = settled.steps.some((step) => OPEN.has(step.state)) ? [] : cancelBlocked(settled);
  const to = nextRunState(run.state, applied(settled, closing).steps);
  return { steps: [...moves, ...closing], run: to === run.state ? null : { from: run.state, to } };
}

/** The graph with `moves` made. */
export function applied(run: RunGraph, moves: ReadonlyArray<{ readonly key: string; readonly to: StepState }>): RunGraph {
  const target = new Map(moves.map((move) => [move.key, move.to]));
  return { ...run, steps: run.steps.map((step) => ({ ...step, state: target.get(step.key) ?? step.state })) };
}

type Move = Settlement['steps'][number];

function cancelStoppable(run: RunGraph): Move[] {
  return run.steps.filter((step) => STOPPABLE.has(step.state))
    .map((step) => ({ key: step.key, from: step.state, to: 'cancelled', why: 'the run was cancelled' }));
}

/** Skipping a step may skip those behind it, so this goes on until nothing moves. */
function releaseBlocked(run: RunGraph): Move[] {
  const states = new Map(run.steps.map((step) => [step.key, step.state]));
  const moves: Move[] = [];
  for (let moved = true; moved;) {
    moved = false;
    for (const step of run.steps) {
      if (states.get(step.key) !== 'blocked') continue;
      const move = releaseOne(step, states);
      if (move === null) continue;
      states.set(step.key, move.to);
      moves.push(move);
      moved = true;
    }
  }
  return moves;
}

function releaseOne(step: StepNode, states: ReadonlyMap<string, StepState>): Move | null {
  const needed = step.needs.map((key) => states.get(key) ?? 'cancelled');
  if (needed.some((state) => BROKEN.has(state))) return null;
  if (needed.includes('skipped')) return { key: step.key, from: 'blocked', to: 'skipped', why: 'what it needs was skipped' };
  return needed.every((state) => state === 'succeeded') ? { key: step.key, from: 'blocked', to: 'ready', why: 'everything it needs has succeeded' } : null;
}

/** Nothing is open any more: what is still blocked waits for something that will not come. */
function cancelBlocked(run: RunGraph): Move[] {
  return run.steps.filter((step) => step.state === 'blocked')
    .map((step) => ({ key: step.key, from: 'blocked', to: 'cancelled', why: 'a step that it needs did not succeed' }));
}

function nextRunState(from: RunState, steps: readonly StepNode[]): RunState {
  const open = steps.filter((step) => OPEN.has(step.state));
  const broken = steps.some((step) => step.state === 'failed' || step.state === 'dead');
  if (from === 'cancelling') {
    if (open.length > 0) return 'cancelling';
    return steps.some((step) => step.state === 'dead') ? 'failed' : 'cancelled';
  }
  if (open.length === 0) return broken ? 'failed' : 'succeeded';
  if (from === 'queued') return 'queued';
  return open.every((step) => step.state === 'waiting') ? 'waiting' : 'running';
}
