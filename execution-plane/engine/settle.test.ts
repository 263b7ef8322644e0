import { array, assert, boolean, constantFrom, integer, nat, property, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY } from '@countersign/contracts/workflow/definition.ts';
import { itemKey } from '@countersign/contracts/workflow/item-keys.ts';
import { RUN_STATES, STEP_STATES, isLegalTransition } from '@countersign/contracts/states/transitions.ts';
import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import { applied, settle } from './settle.ts';
import { planItems } from './items.ts';
import { redriveOf } from './redrive.ts';
import { ENDED, isStepOfItem, OPEN } from './run-graph.ts';
import type { ItemRules, RunGraph } from './run-graph.ts';

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

/** What joins branches: `join` needs all of the others. */
describe('a join', () => {
  const join = (...branches: StepState[]): RunGraph => ({ state: 'running', steps: [
    ...branches.map((state, i) => ({ key: `b${i}`, needs: [], state })), { key: 'join', needs: branches.map((_, i) => `b${i}`), state: 'blocked' as const }] });

  it.each<[string, StepState[], [RunState, StepState]]>([
    ['waits for the last of them', ['succeeded', 'leased', 'retrying'], ['running', 'blocked']],
    ['is ready when all have succeeded', ['succeeded', 'succeeded', 'succeeded'], ['running', 'ready']],
    ['is skipped when one was skipped, whatever the others do', ['succeeded', 'skipped', 'leased'], ['running', 'skipped']],
    ['is never ready when one has failed, and the others end first', ['failed', 'leased', 'succeeded'], ['running', 'blocked']],
    ['is cancelled when one has failed and the others have ended', ['failed', 'succeeded', 'skipped'], ['failed', 'cancelled']],
    ['waits for a person as long as a branch does', ['waiting', 'succeeded', 'succeeded'], ['waiting', 'blocked']],
    ['waits for the system of record to be asked', ['uncertain', 'dead', 'succeeded'], ['running', 'blocked']],
  ])('%s', (_, branches, expected) => {
    const result = settled(join(...branches));
    expect([result[0], result.at(-1)]).toEqual(expected);
  });
});

describe('items of a map', () => {
  const all = (state: StepState, rules: ItemRules, ...items: StepState[][]): RunGraph => ({ state: 'running', steps: [
    { key: 'all', needs: [], state, uses: 'map', itemRules: rules },
    ...items.flatMap((steps, index) => steps.map((own, n) => ({ key: itemKey('all', index, `s${n}`), needs: n === 0 ? [] : [itemKey('all', index, `s${n - 1}`)], state: own }))),
  ] });
  const two: ItemRules = { concurrency: 2, on_item_failure: 'fail' };
  const goOn: ItemRules = { concurrency: 2, on_item_failure: 'continue' };

  it.each<[string, RunGraph, [RunState, ...StepState[]]]>([
    ['begin as many as may be under way', all('waiting', two, ['blocked'], ['blocked'], ['blocked']), ['running', 'waiting', 'ready', 'ready', 'blocked']],
    ['begin when another has ended', all('waiting', two, ['succeeded'], ['leased'], ['blocked'], ['blocked']), ['running', 'waiting', 'succeeded', 'leased', 'ready', 'blocked']],
    ['go on by themselves', all('waiting', two, ['succeeded', 'blocked'], ['leased', 'blocked']), ['running', 'waiting', 'succeeded', 'ready', 'leased', 'blocked']],
    ['that all have ended wake their map', all('waiting', two, ['succeeded'], ['skipped']), ['running', 'ready', 'succeeded', 'skipped']],
    ['stop where one failed: what has begun ends', all('waiting', two, ['dead', 'blocked'], ['leased', 'blocked'], ['blocked', 'blocked']), ['running', 'waiting', 'dead', 'cancelled', 'leased', 'blocked', 'cancelled', 'cancelled']],
    ['go on where they may fail', all('waiting', goOn, ['dead', 'blocked'], ['leased'], ['blocked']), ['running', 'waiting', 'dead', 'cancelled', 'leased', 'ready']],
    ['that failed do not fail the run by themselves', all('succeeded', goOn, ['dead'], ['succeeded']), ['succeeded', 'succeeded', 'dead', 'succeeded']],
    ['whose map is over are stopped, and what is under way is not', all('failed', two, ['leased', 'blocked'], ['waiting'], ['uncertain'], ['blocked']), ['running', 'failed', 'leased', 'cancelled', 'cancelled', 'uncertain', 'cancelled']],
    ['that wait for people let the run wait', all('waiting', two, ['waiting'], ['waiting'], ['blocked']), ['waiting', 'waiting', 'waiting', 'waiting', 'blocked']],
  ])('%s', (_, run, expected) => {
    expect(settled(run)).toEqual(expected);
  });

  it('wait for a map that has to wait itself', () => {
    const { steps } = all('blocked', two, ['blocked']);
    const behind = steps.map((node, n) => (n === 0 ? { ...node, needs: ['first'] } : node));
    expect(settled({ state: 'running', steps: [{ key: 'first', needs: [], state: 'leased' }, ...behind] })).toEqual(['running', 'leased', 'blocked', 'blocked']);
  });

  it('that a map went on without do not fail a run that is cancelled, and those that broke meanwhile do', () => {
    const gone = all('succeeded', goOn, ['dead'], ['succeeded']);
    expect(settled({ ...gone, state: 'cancelling', steps: [...gone.steps, { key: 'last', needs: [], state: 'ready' }] })[0]).toBe('cancelled');
    expect(settled({ ...all('waiting', goOn, ['dead'], ['blocked']), state: 'cancelling' })[0]).toBe('failed');
  });

  it('are never cancelled with a step that waits for the run that it has started', () => {
    const steps = [{ key: 'start', needs: [], state: 'waiting', uses: 'workflow/other' }, { key: 'pause', needs: [], state: 'waiting', uses: 'wait' }] as const;
    expect(settled({ state: 'cancelling', steps })).toEqual(['cancelling', 'waiting', 'cancelled']);
  });
});

const graphs: Arbitrary<RunGraph> = array(array(nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 8 }).map((needs) => ({
  state: 'running',
  steps: needs.map((indexes, i) => {
    const earlier = i === 0 ? [] : [...new Set(indexes.map((n) => n % i))];
    return { key: `s${i}`, needs: earlier.map((n) => `s${n}`), state: earlier.length === 0 ? 'ready' : 'blocked', uses: KINDS[(i + needs.length) % KINDS.length]! };
  }),
}));

/** By place: every third step is a map, every third starts a workflow. */
const KINDS = ['a/b', 'map', 'workflow/other'];

type Event = { pick: number; end: StepState; cancel: boolean; overdue: boolean; items: number; rules: ItemRules };
const ends: Arbitrary<Event> = record({
  pick: nat(20),
  end: constantFrom<StepState>('succeeded', 'succeeded', 'succeeded', 'skipped', 'waiting', 'retrying', 'uncertain', 'failed', 'dead'),
  cancel: integer({ min: 0, max: 15 }).map((n) => n === 0),
  overdue: boolean(),
  items: nat(4),
  rules: record({ concurrency: integer({ min: 1, max: 3 }), on_item_failure: constantFrom('fail', 'continue') }),
});

describe('any workflow, any course of events', () => {
  it('moves along legal pairs only, never sticks, and settling twice changes nothing', () => {
    assert(property(graphs, array(ends, { maxLength: 60 }), (graph, events) => {
      const run = course(graph, events);
      expectEnded(run);
      // A person redrives what failed, and it ends again.
      const redrive = redriveOf(run, null);
      if (run.state === 'failed') expect(redrive, 'a run that failed can be redriven').not.toBeNull();
      if (redrive === null) return;
      const moves = [...redrive.broken.map(({ key, state }) => ({ key, from: state, to: 'ready' as const })), ...redrive.behind.map(({ key, state }) => ({ key, from: state, to: 'blocked' as const }))];
      for (const move of moves) expectLegalStep(move);
      expectEnded(course(settleChecked({ ...applied(run, moves), state: 'running', overdue: false }), events));
    }), { numRuns: 1_000 });
  });
});

const drain: Event[] = Array.from({ length: 200 }, () => ({ pick: 0, end: 'succeeded', cancel: false, overdue: false, items: 0, rules: { concurrency: 1, on_item_failure: 'fail' } }));

/** What becomes of a run by these events, and by time until it ends. */
function course(graph: RunGraph, events: readonly Event[]): RunGraph {
  let run = graph;
  for (const event of [...events, ...drain]) {
    if (ENDED.has(run.state)) break;
    if (event.cancel && run.state !== 'cancelling') run = settleChecked({ ...run, state: 'cancelling', overdue: event.overdue });
    run = settleChecked(oneStepMoves(run, event));
  }
  return run;
}

function expectEnded(run: RunGraph): void {
  expect([...ENDED]).toContain(run.state);
  expect(run.steps.filter((step) => step.state === 'blocked' || OPEN.has(step.state))).toEqual([]);
  if (run.state === 'succeeded') expect(run.steps.every((step) => isStepOfItem(step) || step.state === 'succeeded' || step.state === 'skipped')).toBe(true);
  if (run.overdue === true) expect(run.state).toBe('failed');
}

function expectLegalStep({ from, to }: { readonly from: StepState; readonly to: StepState }): void {
  expect(isLegalTransition(STEP_STATES, from, to), `${from} -> ${to}`).toBe(true);
}

/** What a worker, a person or time may do to one open step. */
function oneStepMoves(seen: RunGraph, event: Event, run: RunGraph = seen): RunGraph {
  const open = seen.steps.filter((step) => OPEN.has(step.state));
  const step = open[event.pick % Math.max(open.length, 1)];
  if (step === undefined) return run;
  const items = run.steps.filter(({ key }) => key.startsWith(`${step.key}[`));
  // A map waits for its items, and nobody else wakes it: it would wait for ever if settling forgot it.
  if (step.uses === 'map' && step.state === 'waiting' && items.length > 0) return oneStepMoves({ ...seen, steps: seen.steps.filter((other) => other !== step) }, event, run);
  if (step.uses === 'map' && event.items > 0 && items.length === 0 && step.state !== 'waiting') return planned(applied(run, [{ key: step.key, to: 'waiting' }]), step.key, event);
  if (step.state === 'waiting') return applied(run, [{ key: step.key, to: event.end === 'failed' && step.uses !== 'workflow/other' ? 'failed' : 'ready' }]);
  return applied(run, [{ key: step.key, to: event.end }]);
}

function planned(run: RunGraph, key: string, { items, rules }: Event): RunGraph {
  const [first, second] = ['one', 'two'].map((id, n) => ({ id, uses: 'a/b', instance: null, with: {}, if: null, needs: n === 0 ? [] : ['one'], retry: DEFAULT_RETRY, timeout_ms: 1_000 }));
  const map = { ...first!, id: key, uses: 'map', steps: [first!, second!] };
  return { ...run, steps: [...run.steps.map((step) => (step.key === key ? { ...step, itemRules: rules } : step)), ...planItems(map, items, rules)] };
}

function withoutDoneItems(run: RunGraph): RunGraph {
  const open = new Set(run.steps.filter(({ state }) => state !== 'succeeded' && state !== 'skipped').map(itemOf));
  return { ...run, steps: run.steps.filter((step) => !isStepOfItem(step) || open.has(itemOf(step))) };
}

function itemOf({ key }: { readonly key: string }): string {
  return key.split('.')[0] ?? key;
}

function settleChecked(run: RunGraph): RunGraph {
  const settlement = settle(run);
  // As runs are read: items that are done with are left out, and nothing is decided otherwise.
  expect(settle(withoutDoneItems(run))).toEqual(settlement);
  for (const move of settlement.steps) expectLegalStep(move);
  if (settlement.run) expect(isLegalTransition(RUN_STATES, settlement.run.from, settlement.run.to), `${settlement.run.from} -> ${settlement.run.to}`).toBe(true);
  const after: RunGraph = { ...applied(run, settlement.steps), state: settlement.run?.to ?? run.state };
  expect(settle(after)).toEqual({ steps: [], run: null });
  return after;
}
