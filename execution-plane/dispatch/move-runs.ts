import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import { ExecutionError } from '../errors.ts';
import { planMoves } from './plan-moves.ts';
import type { Mover, Moved, Moves } from './plan-moves.ts';
import { withdrawApprovals } from './repository-approvals.ts';
import { lockRunsWithSteps } from './repository-runs.ts';
import type { LockedRun } from './repository-runs.ts';
import { commitTransition } from './repository-transitions.ts';
import type { Transition } from './repository-transitions.ts';

/** What a sweeper has seen of a run, and what follows from it on the run as it is under its lock. No I/O in `decide`. */
export interface WantedMove {
  readonly tenantId: string;
  readonly runId: string;
  readonly decide: (run: LockedRun) => Moves | null;
}

export interface MoveRunsParts {
  readonly database: Database;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly worker: string;
}

/**
 * Moves many runs, of many tenants, in one transaction: read, decide, write. Every worker may have seen the same at the same time: runs that
 * somebody else holds are left to the next turn, and where somebody was quicker each is tried by itself, so that one does not keep the others.
 *
 * @param alongside what else belongs into the transaction, for the moves that were made
 */
export async function moveRuns<Wanted extends WantedMove>(parts: MoveRunsParts, wanted: readonly Wanted[], alongside: (tx: Transaction, made: readonly Wanted[]) => Promise<unknown> = () => Promise.resolve()): Promise<void> {
  if (wanted.length === 0) return;
  try {
    tell(parts, await parts.database.forTenants([...new Set(wanted.map((one) => one.tenantId))], (tx) => moveTogether(tx, parts.clock.now(), { kind: 'worker', id: parts.worker }, wanted, alongside)));
  } catch (error) {
    if (!wasRaced(error)) throw error;
    if (wanted.length === 1) return;
    for (const one of wanted) await moveRuns(parts, [one], alongside);
  }
}

async function moveTogether<Wanted extends WantedMove>(tx: Transaction, at: Date, who: Mover, wanted: readonly Wanted[], alongside: (tx: Transaction, made: readonly Wanted[]) => Promise<unknown>): Promise<Array<Moved & { tenantId: string }>> {
  const made: Wanted[] = [];
  const planned = (await lockRunsWithSteps(tx, wanted)).flatMap((run) => {
    const decided = wanted.filter((one) => one.runId === run.id && one.tenantId === run.tenantId).map((one) => ({ one, moves: one.decide(run) })).filter(({ moves }) => moves !== null);
    made.push(...decided.map(({ one }) => one));
    return decided.length === 0 ? [] : [{ run, plan: planMoves(run, together(decided.map(({ moves }) => moves!)), who) }];
  });
  if (planned.length === 0) return [];
  await commitTransition(tx, joined(planned.map(({ plan }) => plan.transition)), at);
  for (const { run, plan } of planned) await withdrawApprovals(tx, run, plan.withdrawn, who, at);
  const further = planned.flatMap(({ plan }) => plan.further ?? []);
  if (further.length > 0) await commitTransition(tx, joined(further), at);
  await alongside(tx, made);
  return planned.map(({ run, plan }) => ({ ...plan.moved, tenantId: run.tenantId }));
}

/** Several steps of one run move at once; a step moves once. */
function together(moves: readonly Moves[]): Moves {
  const steps = new Map(moves.flatMap((one) => one.steps).map((step) => [step.id, step]));
  return { steps: [...steps.values()], events: moves.flatMap((one) => one.events ?? []) };
}

function joined(transitions: readonly Transition[]): Transition {
  return {
    steps: transitions.flatMap((one) => one.steps), runs: transitions.flatMap((one) => one.runs),
    contents: transitions.flatMap((one) => one.contents), events: transitions.flatMap((one) => one.events),
  };
}

function tell({ changes }: MoveRunsParts, moved: ReadonlyArray<Moved & { tenantId: string }>): void {
  for (const { tenantId, workspaceId, runId, runState, changed } of moved) if (changed) changes.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'run', id: runId, state: runState });
  if (moved.some(({ readied }) => readied > 0)) changes.stepsReady();
}

function wasRaced(error: unknown): boolean {
  return error instanceof StaleLeaseError || (error instanceof ExecutionError && error.code === 'transition_conflict');
}
