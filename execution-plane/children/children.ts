import { moveUnlessRaced } from '../dispatch/move-unless-raced.ts';
import type { MoveParts } from '../dispatch/move-unless-raced.ts';
import type { Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import { engineOf } from '../engine/versions.ts';
import type { Tenants } from '../loops/tenants.ts';
import { findEndedChildren, findUnwantedChildren } from './repository-children.ts';

export interface ChildrenOptions extends MoveParts {
  readonly tenants: Tenants;
}

/** How often runs that were started by steps are looked at, where nobody says that one has ended. */
export const CHILDREN_EVERY_MS = 500;
const BATCH = 100;

/** Looks after runs that were started by steps: tells their parents of their end, and them of that of their parents. */
export class Children {
  readonly #options: ChildrenOptions;

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /** Gives whether there may be more. */
  async turn(): Promise<boolean> {
    const { database, tenants } = this.#options;
    const { ended, unwanted } = await database.forTenants(await tenants.ids(), async (tx) => ({ ended: await findEndedChildren(tx, BATCH), unwanted: await findUnwantedChildren(tx, BATCH) }));
    for (const { tenant_id, run_id, overdue } of unwanted) await moveUnlessRaced(this.#options, tenant_id, run_id, (run) => engineOf(run.engineVersion).childIsUnwanted(run, overdue));
    for (const { tenant_id, run_id, step_id } of ended) await moveUnlessRaced(this.#options, tenant_id, run_id, (run) => goOn(run, step_id));
    return ended.length === BATCH || unwanted.length === BATCH;
  }
}

function goOn(run: LockedRun, stepId: string): Moves | null {
  const step = run.steps.find((candidate) => candidate.id === stepId);
  const move = step === undefined ? null : engineOf(run.engineVersion).childHasEnded(step);
  return step === undefined || move === null ? null : { steps: [{ id: step.id, from: move.from, to: move.to, delay_ms: 0 }] };
}
