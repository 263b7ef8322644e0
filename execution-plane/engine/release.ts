import type { StepState } from '@countersign/contracts/states/transitions.ts';
import { BROKEN } from './run-graph.ts';
import type { Move, StepNode } from './run-graph.ts';

/** Which blocked steps become ready, or are skipped. Skipping a step may skip those behind it, so this goes on until nothing moves. */
export function release(steps: readonly StepNode[]): Move[] {
  const states = new Map(steps.map((step) => [step.key, step.state]));
  const moves: Move[] = [];
  for (let moved = true; moved;) {
    moved = false;
    for (const step of steps) {
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
export function giveUpBlocked(steps: readonly StepNode[]): Move[] {
  return steps.filter((step) => step.state === 'blocked')
    .map((step) => ({ key: step.key, from: 'blocked', to: 'cancelled', why: 'a step that it needs did not succeed' }));
}
