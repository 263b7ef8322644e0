import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import type { ItemRules } from '../engine/run-graph.ts';

/** What a real run went through, told by its own audit events. Ids, times and contents are left out: the engine decides without them. */
export interface History {
  readonly name: string;
  /** Which engine decided, and so which one it is replayed with. */
  readonly engine_version: number;
  /** In the order of the run; steps of items behind their map. */
  readonly steps: readonly HistoryStep[];
  readonly events: readonly HistoryEvent[];
}

export interface HistoryStep {
  readonly key: string;
  readonly uses: string;
  readonly needs: readonly string[];
  /** The key of the map whose item it is of. */
  readonly map?: string;
  readonly item_rules?: ItemRules;
}

export type HistoryEvent = StepMoved | RunMoved;

export interface StepMoved {
  readonly step: string;
  readonly from: StepState;
  readonly to: StepState;
  readonly error?: string;
}

export interface RunMoved {
  readonly run: 'moved';
  readonly from: RunState;
  readonly to: RunState;
  readonly error?: string;
}

export function isRunMove(event: HistoryEvent): event is RunMoved {
  return 'run' in event;
}
