import { moveUnlessRaced } from '../dispatch/move-unless-raced.ts';
import type { MoveParts } from '../dispatch/move-unless-raced.ts';
import type { Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import type { TimedMove } from '../engine/timers.ts';
import { engineOf } from '../engine/versions.ts';
import type { Engine } from '../engine/versions.ts';
import type { Tenants } from '../loops/tenants.ts';
import { findDueWaits, findOverdueRuns, findOverdueSteps } from './queries.ts';

export interface TimersOptions extends MoveParts {
  readonly tenants: Tenants;
}

/** How often time is looked at: what waits for it goes on at most this late. */
export const TIMERS_EVERY_MS = 500;
const BATCH = 100;

/**
 * Moves what time moves: waits that are over, and what is over its deadline. When is in the rows, by the database's clock, so that it survives
 * whoever wrote it; every worker looks.
 */
export class Timers {
  readonly #options: TimersOptions;

  constructor(options: TimersOptions) {
    this.#options = options;
  }

  /** Gives whether there may be more. */
  async turn(): Promise<boolean> {
    const { database, tenants } = this.#options;
    const { waits, steps, runs } = await database.forTenants(await tenants.ids(), async (tx) => ({
      waits: await findDueWaits(tx, BATCH), steps: await findOverdueSteps(tx, BATCH), runs: await findOverdueRuns(tx, BATCH),
    }));
    for (const due of runs) await this.#move(due.tenant_id, due.run_id, (run) => overdue(run));
    for (const due of steps) await this.#move(due.tenant_id, due.run_id, (run) => moveOf(run, due.step_id, 'stepIsOverdue'));
    for (const due of waits) await this.#move(due.tenant_id, due.run_id, (run) => moveOf(run, due.step_id, 'timeHasCome'));
    return [waits, steps, runs].some((found) => found.length === BATCH);
  }

  #move(tenantId: string, runId: string, decide: (run: LockedRun) => Moves | null): Promise<void> {
    return moveUnlessRaced(this.#options, tenantId, runId, decide);
  }
}

function moveOf(run: LockedRun, stepId: string, decision: keyof Pick<Engine, 'stepIsOverdue' | 'timeHasCome'>): Moves | null {
  const step = run.steps.find((candidate) => candidate.id === stepId);
  const move = step === undefined ? null : engineOf(run.engineVersion)[decision](step);
  return move === null ? null : { steps: [changeOf(run, move)] };
}

function overdue(run: LockedRun): Moves | null {
  const moves = engineOf(run.engineVersion).runIsOverdue(run);
  return moves === null ? null : { ...moves, steps: moves.steps.map((move) => changeOf(run, move)) };
}

function changeOf(run: LockedRun, { key, from, to, error }: TimedMove): Moves['steps'][number] {
  return { id: run.steps.find((step) => step.key === key)!.id, from, to, ...(error === undefined ? {} : { error }) };
}
