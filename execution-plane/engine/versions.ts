import { ExecutionError } from '../errors.ts';
import { childHasEnded, childIsUnwanted, endOfChild } from './children.ts';
import { endOfMap, planItems } from './items.ts';
import { redriveOf } from './redrive.ts';
import { settle } from './settle.ts';
import { endOfCall } from './step-end.ts';
import { runIsOverdue, stepIsOverdue, timeHasCome } from './timers.ts';

const FIRST = { settle, endOfCall, timeHasCome, stepIsOverdue, runIsOverdue, planItems, endOfMap, endOfChild, childHasEnded, childIsUnwanted, redriveOf };

/**
 * The decisions of an engine: what a run that began under it goes on with, whatever is installed meanwhile. A change that would decide
 * anything differently for a run in flight gets the next number, and the functions as they were stay here until no run of theirs is open;
 * `execution.runs.engine_version` says which those are. A worker claims only runs of the versions that it has.
 */
export type Engine = Readonly<typeof FIRST>;

/** What new runs begin with. */
export const ENGINE_VERSION = 1;

const ENGINES: Readonly<Record<number, Engine>> = {
  1: FIRST,
};

/** What this worker can decide by. */
export const ENGINE_VERSIONS: readonly number[] = Object.keys(ENGINES).map(Number);

/** @throws ExecutionError `engine_unknown`: the run was begun by a newer worker */
export function engineOf(version: number): Engine {
  const engine = ENGINES[version];
  if (engine === undefined) throw new ExecutionError('engine_unknown', `This worker has the engine ${ENGINE_VERSIONS.join(', ')}, and the run needs ${version}. Run a newer version of the worker.`);
  return engine;
}
