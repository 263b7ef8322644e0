import { array, assert, constantFrom, integer, nat, property, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RUN_STATES, STEP_STATES, isLegalTransition } from '@countersign/contracts/states/transitions.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import { applied, settle } from './settle.ts';
import type { RunGraph } from './run-graph.ts';

function chain(run: RunState, ...states: StepState[]): RunGraph {
  return { state: run, steps: states.map((state, i) => ({ key: `s${i}`, needs: i === 0 ? [] : [`s${i - 1}`], state })) };
}

function settled(run: RunGraph): [RunState, ...StepState[]] {
  const settlement = settle(run);
  return [settlement.run?.to ?? run.state, ...applied(run, settlement.steps).steps.map((step) => step.state)];
}

describe('settle', () => {
  it.each<[string, RunGraph, [RunState, ...StepState[]]]>([
    ['the next step becomes ready', chain('running', 'succeeded', 'blocked', 'blocked'), ['running', 'succeeded', 'ready', 'blocked']],
    ['a skipped step skips what needs it, and the run succeeds', chain('running', 'succeeded', 'skipped', 'blocked', 'blocked'), ['succeeded', 'succeeded', 'skipped', 'skipped', 'skipped']],
    ['the last success ends the run', chain('running', 'succeeded', 'succeeded'), ['succeeded', 'succeeded', 'succeeded']],
    ['a dead step fails the run and cancels what is behind it', chain('running', 'dead', 'blocked', 'blocked'), ['failed', 'dead', 'cancelled', 'cancelled']],
    ['a refused step fails the run', chain('waiting', 'failed', 'blocked'), ['failed', 'failed', 'cancelled']],
    ['all open steps wait: the run waits', chain('running', 'waiting', 'blocked'), ['waiting', 'waiting', 'blocked']],
    ['a step that goes on wakes the run', chain('waiting', 'ready', 'blocked'), ['running', 'ready', 'blocked']],
    ['a back-off is not waiting', chain('running', 'retrying'), ['running', 'retrying']],
    ['cancelling stops what has not begun', chain('cancelling', 'leased', 'blocked'), ['cancelling', 'leased', 'cancelled']],
    ['cancelling ends when nothing is in flight', chain('cancelling', 'succeeded', 'ready'), ['cancelled', 'succeeded', 'cancelled']],
    ['cancelling does not hide a step that ended dead', chain('cancelling', 'dead', 'blocked'), ['failed', 'dead', 'cancelled']],
    ['an uncertain step is found out about even while cancelling', chain('cancelling', 'uncertain', 'blocked'), ['cancelling', 'uncertain', 'cancelled']],
    ['an ended run stays as it is', chain('cancelled', 'cancelled', 'blocked'), ['cancelled', 'cancelled', 'blocked']],
  ])('%s', (_, run, expected) => {
    expect(settled(run)).toEqual(expected);
  });

  it('lets a parallel branch finish before the run fails', () => {
    const steps = (left: StepState, right: StepState): RunGraph => ({ state: 'running', steps: [
      { key: 'left', needs: [], state: left }, { key: 'right', needs: [], state: right }, { key: 'join', needs: ['left', 'right'], state: 'blocked' }] });
    expect(settled(steps('dead', 'leased'))).toEqual(['running', 'dead', 'leased', 'blocked']);
    expect(settled(steps('dead', 'succeeded'))).toEqual(['failed', 'dead', 'succeeded', 'cancelled']);
  });
});

const graphs: Arbitrary<RunGraph> = array(array(nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 8 }).map((needs) => ({
  state: 'running',
  steps: needs.map((indexes, i) => {
    const earlier = i === 0 ? [] : [...new Set(indexes.map((n) => n % i))];
    return { key: `s${i}`, needs: earlier.map((n) => `s${n}`), state: earlier.length === 0 ? 'ready' : 'blocked' };
  }),
}));

type Event = { pick: number; end: StepState; cancel: boolean };
const ends: Arbitrary<Event> = record({
  pick: nat(20),
  end: constantFrom<StepState>('succeeded', 'succeeded', 'succeeded', 'skipped', 'waiting', 'retrying', 'uncertain', 'failed', 'dead'),
  cancel: integer({ min: 0, max: 15 }).map((n) => n === 0),
});

describe('any workflow, any course of events', () => {
  it('moves along legal pairs only, never sticks, and settling twice changes nothing', () => {
    assert(property(graphs, array(ends, { maxLength: 60 }), (graph, events) => {
      let run = graph;
      for (const event of [...events, ...drain]) {
        if (run.state === 'succeeded' || run.state === 'failed' || run.state === 'cancelled') break;
        if (event.cancel && run.state !== 'cancelling') run = settleChecked({ ...run, state: 'cancelling' });
        run = settleChecked(oneStepMoves(run, event));
      }
      expect(['succeeded', 'failed', 'cancelled']).toContain(run.state);
      expect(run.steps.every((step) => step.state !== 'blocked' && !['ready', 'leased', 'waiting', 'retrying', 'uncertain'].includes(step.state))).toBe(true);
      if (run.state === 'succeeded') expect(run.steps.every((step) => step.state === 'succeeded' || step.state === 'skipped')).toBe(true);
    }), { numRuns: 300 });
  });
});

const drain: Event[] = Array.from({ length: 40 }, () => ({ pick: 0, end: 'succeeded', cancel: false }));

/** What a worker, a person or time may do to one open step. */
function oneStepMoves(run: RunGraph, event: Event): RunGraph {
  const open = run.steps.filter((step) => ['ready', 'leased', 'waiting', 'retrying', 'uncertain'].includes(step.state));
  const step = open[event.pick % Math.max(open.length, 1)];
  if (step === undefined) return run;
  if (step.state === 'waiting') return applied(run, [{ key: step.key, to: event.end === 'failed' ? 'failed' : 'ready' }]);
  return applied(run, [{ key: step.key, to: event.end }]);
}

function settleChecked(run: RunGraph): RunGraph {
  const settlement = settle(run);
  for (const move of settlement.steps) expect(isLegalTransition(STEP_STATES, move.from, move.to), `${move.from} -> ${move.to}`).toBe(true);
  if (settlement.run) expect(isLegalTransition(RUN_STATES, settlement.run.from, settlement.run.to), `${settlement.run.from} -> ${settlement.run.to}`).toBe(true);
  const after: RunGraph = { ...applied(run, settlement.steps), state: settlement.run?.to ?? run.state };
  expect(settle(after)).toEqual({ steps: [], run: null });
  return after;
}
