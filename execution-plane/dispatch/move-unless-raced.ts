import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import { ExecutionError } from '../errors.ts';
import { moveRun } from './move-run.ts';
import type { Moves } from './plan-moves.ts';
import type { LockedRun } from './repository-runs.ts';

export interface MoveParts {
  readonly database: Database;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly worker: string;
}

/** Moves a run of which every worker may have seen at the same time that it should move: whoever comes second changes nothing. Tells of what moved. */
export async function moveUnlessRaced(parts: MoveParts, tenantId: string, runId: string, decide: (run: LockedRun) => Moves | null): Promise<void> {
  const { database, changes, clock, worker } = parts;
  try {
    const moved = await database.forTenant(tenantId, (tx) => moveRun(tx, clock.now(), { kind: 'worker', id: worker }, tenantId, runId, decide));
    if (moved === null) return;
    changes.changed({ tenant_id: tenantId, workspace_id: moved.workspaceId, kind: 'run', id: runId, state: moved.runState });
    if (moved.readied > 0) changes.stepsReady();
  } catch (error) {
    if (!(error instanceof StaleLeaseError || (error instanceof ExecutionError && error.code === 'transition_conflict'))) throw error;
  }
}
