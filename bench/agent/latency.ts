import { quantile } from '../audit/statistics.ts';
import type { BenchCell } from './cell.ts';
import type { BenchPlace } from './place.ts';

export interface LatencyFigures {
  readonly steps: number;
  readonly in_cell_ms: Spread;
  readonly through_agent_ms: Spread;
  /** One spread's over the other's. */
  readonly added_ms: Spread;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

/** Runs of reading steps in the cell and through the agent, in turns, one at a time; who goes first changes with each turn. */
export async function measureLatency(cell: BenchCell, { here, there }: BenchPlace, { turns, tickets }: { readonly turns: number; readonly tickets: readonly string[] }): Promise<LatencyFigures> {
  const taken = { dev: [] as number[], staging: [] as number[] };
  // The first of each loads what later ones find loaded.
  for (const environment of [here, there]) await cell.runSteps(environment, tickets[0]!);
  for (let turn = 0; turn < turns; turn += 1) {
    const ticket = tickets[turn % tickets.length]!;
    for (const environment of turn % 2 === 0 ? [here, there] : [there, here]) taken[environment].push(...await cell.runSteps(environment, ticket));
  }
  const [inCell, throughAgent] = [spreadOf(taken[here]), spreadOf(taken[there])];
  return { steps: taken[here].length, in_cell_ms: inCell, through_agent_ms: throughAgent, added_ms: { p50: throughAgent.p50 - inCell.p50, p99: throughAgent.p99 - inCell.p99 } };
}

function spreadOf(values: readonly number[]): Spread {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}
