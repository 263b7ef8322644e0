import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import { withMoves } from '../engine/run-graph.ts';
import type { RunGraph, StepNode } from '../engine/run-graph.ts';
import type { Settlement } from '../engine/settle.ts';
import { isRunMove } from './history.ts';
import type { History, HistoryEvent, HistoryStep, RunMoved, StepMoved } from './history.ts';

export type Settle = (run: RunGraph) => Settlement;

/** Where the engine would now decide otherwise than it did. */
export interface Difference {
  /** Number of the event at which it shows. */
  readonly at: number;
  readonly message: string;
}

/**
 * Goes through a history again. What a worker, a person or time brought about is taken from it; what the engine made of that is decided
 * anew, and must be what the history says: the same steps released, skipped and cancelled, and the run in the same state.
 * Gives the first difference, or null.
 */
export function replay(history: History, settle: Settle): Difference | null {
  let graph = freshGraph(history);
  for (let at = 0; at < history.events.length;) {
    const begun = at;
    for (; at < history.events.length && isCause(history, history.events[at]!); at++) {
      const misfit = misfitOf(graph, history.events[at]!);
      if (misfit !== null) return { at, message: misfit };
      graph = withEvent(graph, history.events[at]!);
    }
    const begunMaps = mapsBegunBy(history, history.events.slice(begun, at));
    const followed: HistoryEvent[] = [];
    for (; at < history.events.length && !isCause(history, history.events[at]!); at++) followed.push(history.events[at]!);
    const difference = compare(settle(graph), followed);
    if (difference !== null) return { at: begun, message: difference };
    for (const event of followed) graph = withEvent(graph, event);
    for (const map of begunMaps) graph = withItems(history, graph, map, settle);
  }
  const open = settle(graph);
  return open.steps.length === 0 && open.run === null ? null : { at: history.events.length, message: `the engine would go on: ${describe(open)}` };
}

function freshGraph({ steps }: History): RunGraph {
  return { state: 'queued', steps: steps.filter((step) => step.map === undefined).map((step) => asNode(step)) };
}

function asNode({ key, uses, needs }: HistoryStep): StepNode {
  return { key, uses, needs, state: needs.length === 0 ? 'ready' : 'blocked' };
}

/**
 * What comes from outside of the engine: a claim, the end of a turn, what was waited for, a person's cancelling or redriving. A map is woken by the
 * engine, when its last item has ended.
 */
function isCause({ steps }: History, event: HistoryEvent): boolean {
  if (isRunMove(event)) return event.to === 'cancelling' || event.from === 'failed' || event.from === 'queued';
  if (event.from === 'blocked') return false;
  if (event.from === 'waiting' && (event.to === 'ready' || event.to === 'leased')) return steps.find(({ key }) => key === event.step)?.uses !== 'map';
  return !(event.to === 'cancelled' && (event.from === 'ready' || event.from === 'waiting' || event.from === 'retrying'));
}

function misfitOf(graph: RunGraph, event: HistoryEvent): string | null {
  const state: RunState | StepState | undefined = isRunMove(event) ? graph.state : graph.steps.find(({ key }) => key === event.step)?.state;
  return state === event.from ? null : `${nameOf(event)} is ${state ?? 'not there'}, and the history moves it from ${event.from}`;
}

function withEvent(graph: RunGraph, event: HistoryEvent): RunGraph {
  if (isRunMove(event)) return { ...graph, state: event.to, ...(event.error === 'deadline_exceeded' ? { overdue: true } : {}) };
  return { ...graph, steps: graph.steps.map((step) => (step.key === event.step ? { ...step, state: event.to } : step)) };
}

function mapsBegunBy({ steps }: History, events: readonly HistoryEvent[]): readonly HistoryStep[] {
  const begun = events.filter((event): event is StepMoved => !isRunMove(event) && event.from === 'leased' && event.to === 'waiting');
  return steps.filter(({ key, uses }) => uses === 'map' && begun.some(({ step }) => step === key));
}

/** Items are planned when their map has begun to wait for them, as many begun as its rules let begin. */
function withItems({ steps }: History, graph: RunGraph, { key: mapKey, uses, needs, item_rules: itemRules }: HistoryStep, settle: Settle): RunGraph {
  const map: StepNode = { key: mapKey, uses, needs, itemRules: itemRules ?? null, state: 'waiting' };
  const items = steps.filter(({ map }) => map === mapKey).map((item): StepNode => ({ ...asNode(item), state: 'blocked' }));
  if (items.length === 0) return graph;
  const planned: RunGraph = { state: 'running', steps: [map, ...items] };
  return { ...graph, steps: [...graph.steps.filter(({ key }) => key !== mapKey), ...withMoves(planned.steps, settle(planned).steps)] };
}

/** A worker that goes on by itself leases what the engine readied. The run's own move comes last. */
function compare(settled: Settlement, followed: readonly HistoryEvent[]): string | null {
  const decided = settled.steps.map(({ key, from, to }) => `${key}: ${from} -> ${to}`).toSorted();
  const told = followed.filter((event): event is StepMoved => !isRunMove(event)).map(({ step, from, to }) => `${step}: ${from} -> ${to === 'leased' ? 'ready' : to}`).toSorted();
  const runs = followed.filter((event): event is RunMoved => isRunMove(event));
  const run = settled.run === null ? [] : [`run: ${settled.run.from} -> ${settled.run.to}`];
  const [expected, found] = [[...told, ...runs.map(({ from, to }) => `run: ${from} -> ${to}`)].join(', '), [...decided, ...run].join(', ')];
  return expected === found ? null : `the history has "${expected}", the engine decides "${found}"`;
}

function describe({ steps, run }: Settlement): string {
  return [...steps.map(({ key, to }) => `${key} -> ${to}`), ...(run === null ? [] : [`run -> ${run.to}`])].join(', ');
}

function nameOf(event: HistoryEvent): string {
  return isRunMove(event) ? 'the run' : event.step;
}
