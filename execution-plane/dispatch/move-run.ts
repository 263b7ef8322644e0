import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { planMoves } from './plan-moves.ts';
import type { Moved, Mover, Moves } from './plan-moves.ts';
import { withdrawApprovals } from './repository-approvals.ts';
import { lockRunWithSteps } from './repository-runs.ts';
import type { LockedRun } from './repository-runs.ts';
import { commitTransition } from './repository-transitions.ts';

/**
 * Moves a run: locks it, lets `decide` say which steps move, settles what follows, and writes all of it with its audit events in
 * one statement. Every change of a step after its claim goes through here, or, for a worker that knows the run, through the committer
 * (`commit/`), which plans with the same function. Null when there is no such run, or `decide` wants nothing.
 */
export async function moveRun(tx: Transaction, at: Date, who: Mover, tenantId: string, runId: string, decide: (run: LockedRun) => Moves | null): Promise<Moved | null> {
  const run = await lockRunWithSteps(tx, tenantId, runId);
  const moves = run === null ? null : decide(run);
  if (run === null || moves === null) return null;
  const { transition, further, withdrawn, moved } = planMoves(run, moves, who);
  await commitTransition(tx, transition, at);
  await withdrawApprovals(tx, run, withdrawn, who, at);
  if (further !== null) await commitTransition(tx, further, at);
  return moved;
}
