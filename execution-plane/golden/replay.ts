import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
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
    for (; at < history.events.length && isCause(history.events[at]!); at++) {
      const misfit = misfitOf(graph, history.events[at]!);
      if (misfit !== null) return { at, message: misfit };
      graph = withEvent(history, graph, history.events[at]!);
    }
    const followed: HistoryEvent[] = [];
    for (; at < history.events.length && !isCause(history.events[at]!); at++) followed.push(history.events[at]!);
    const difference = compare(settle(graph), followed);
    if (difference !== null) return { at: begun, message: difference };
    for (const event of followed) graph = withEvent(history, graph, event);
  }
  const open = settle(graph);
  return open.steps.length === 0 && open.run === null ? null : { at: history.events.length, message: `the engine would go on: ${describe(open)}` };
}

/** Items join when their map begins to wait for them. */
function freshGraph({ steps }: History): RunGraph {
  return { state: 'queued', steps: steps.filter((step) => step.map === undefined).map((step) => asNode(step)) };
}

function asNode({ key, uses, needs, item_rules }: HistoryStep): StepNode {
  return { key, uses, needs, state: needs.length === 0 ? 'ready' : 'blocked', ...(item_rules === undefined ? {} : { itemRules: item_rules }) };
}

/** What comes from outside of the engine: a claim, the end of a turn, what was waited for, a person's cancelling or redriving. */
function isCause(event: HistoryEvent): boolean {
  if (isRunMove(event)) return event.to === 'cancelling' || event.from === 'failed' || event.from === 'queued';
  if (event.from === 'blocked') return false;
  return !(event.to === 'cancelled' && (event.from === 'ready' || event.from === 'waiting' || event.from === 'retrying'));
}

function misfitOf(graph: RunGraph, event: HistoryEvent): string | null {
  const state: RunState | StepState | undefined = isRunMove(event) ? graph.state : graph.steps.find(({ key }) => key === event.step)?.state;
  return state === event.from ? null : `${nameOf(event)} is ${state ?? 'not there'}, and the history moves it from ${event.from}`;
}

function withEvent(history: History, graph: RunGraph, event: HistoryEvent): RunGraph {
  if (isRunMove(event)) return { ...graph, state: event.to, ...(event.error === 'run_deadline_exceeded' ? { overdue: true } : {}) };
  const steps = graph.steps.map((step) => (step.key === event.step ? { ...step, state: event.to } : step));
  const joins = event.from === 'leased' && event.to === 'waiting' ? history.steps.filter(({ map }) => map === event.step).map(asNode) : [];
  return { ...graph, steps: [...steps, ...joins] };
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
