import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import type { Contents } from '../contents/contents.ts';
import { refusalMessage, STOPPED } from '../engine/step-end.ts';
import type { Tenants } from '../loops/tenants.ts';
import { moveRuns } from './move-runs.ts';
import type { Moves } from './plan-moves.ts';
import { reclaim } from './reclaim.ts';
import { expireApprovals, findDecidedSteps } from './repository-approvals.ts';
import type { DecidedStep } from './repository-approvals.ts';
import { failLostCalls } from './repository-lost-calls.ts';
import type { LockedRun } from './repository-runs.ts';
import { endTraces, forgetDropped, redate, shredExpired, shredInputs, shredReasons } from './repository-retention.ts';
import { endLeases, findExpiredLeases, findLetGo, findOwnLeases } from './repository-sweeps.ts';
import type { AbandonedRow } from './repository-sweeps.ts';

export interface SweeperOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly changes: Changes;
  readonly contents: Contents;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
}

const BATCH = 100;
const RELEASE_TURNS = 5;

/** Looks after what no worker holds: leases that ran out, approvals that were decided or are overdue, content past its retention. */
export class Sweeper {
  readonly #options: SweeperOptions;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Takes steps from workers that are gone. */
  async reclaimExpired(): Promise<boolean> {
    const found = await this.#forAll((tx) => findExpiredLeases(tx, BATCH));
    await this.#reclaim(found, 'expired');
    return found.length === BATCH;
  }

  /** Takes over from a process of this worker's name that died: whoever gives the name sees to it that only one lives at a time. */
  async takeOverOwn(): Promise<void> {
    const ended = await this.#forAll((tx) => endLeases(tx, this.#options.worker));
    if (ended > 0) this.#options.log.warn({ steps: ended }, 'the process before this one left steps; they are taken up again');
  }

  /** Gives back what this worker still holds when it stops. */
  async releaseOwn(): Promise<void> {
    // Again until nothing is left: a run that was just being moved is left out once.
    for (let left = RELEASE_TURNS; left > 0; left--) {
      const held = await this.#forAll((tx) => findOwnLeases(tx, this.#options.worker));
      if (held.length === 0) return;
      await this.#reclaim(held, 'held');
    }
  }

  /** Wakes steps whose approval was decided, after expiring what nobody decided in time. */
  async settleApprovals(): Promise<boolean> {
    const { changes, clock, worker } = this.#options;
    const expired = await this.#forAll((tx) => expireApprovals(tx, { kind: 'worker', id: worker }, BATCH, clock.now()));
    for (const approval of expired) changes.changed({ tenant_id: approval.tenant_id, workspace_id: approval.workspace_id, kind: 'approval', id: approval.id, state: 'expired' });
    const decided = await this.#forAll((tx) => findDecidedSteps(tx, BATCH));
    await moveRuns(this.#options, decided.map((step) => ({ tenantId: step.tenant_id, runId: step.run_id, decide: (run: LockedRun) => afterDecision(run, step) })));
    return decided.length === BATCH;
  }

  /** Makes ready what a kill switch has stopped and stops no more: all of it when it was released at once, else the share that may go on. */
  async letGo(): Promise<boolean> {
    const free = await this.#forAll((tx) => findLetGo(tx, BATCH));
    await moveRuns(this.#options, free.map((step) => ({ tenantId: step.tenant_id, runId: step.run_id, decide: (run: LockedRun) => goesOn(run, step.step_id) })));
    return free.length === BATCH;
  }

  /**
   * Shreds content past its retention, what policy was asked, and what people typed as their reasons; takes away operational traces past theirs.
   * A tenant's own settings go before the cell's, and a legal hold before both.
   */
  async shred(): Promise<boolean> {
    const { retentionMs, keptMs } = this.#options.contents;
    const done = await this.#forAll(async (tx) => [
      await redate(tx, BATCH, keptMs), await shredExpired(tx, BATCH), await shredInputs(tx, BATCH, retentionMs), await shredReasons(tx, BATCH, retentionMs),
      await forgetDropped(tx, BATCH, retentionMs), await endTraces(tx, BATCH),
    ]);
    return done.includes(BATCH);
  }

  async #forAll<T>(work: Parameters<Database['forTenants']>[1] extends (tx: infer Tx) => unknown ? (tx: Tx) => Promise<T> : never): Promise<T> {
    return this.#options.database.forTenants(await this.#options.tenants.ids(), work);
  }

  /** The steps, and with them the reads that their workers left open. */
  #reclaim(steps: readonly AbandonedRow[], lease: 'expired' | 'held'): Promise<void> {
    const { clock, worker, log } = this.#options;
    const wanted = steps.map((step) => ({
      tenantId: step.tenant_id, runId: step.run_id, stepId: step.step_id, fence: step.fence, effectUnknown: step.effect_unknown, decide: (run: LockedRun) => reclaim(run, abandoned(step, lease)),
    }));
    return moveRuns(this.#options, wanted, async (tx, made) => {
      await failLostCalls(tx, made, { kind: 'worker', id: worker }, clock.now());
      // Every worker sees what ran out; the one that took it says so.
      if (lease === 'expired') for (const { runId, stepId, effectUnknown } of made) log.warn({ run_id: runId, step_id: stepId, effect_unknown: effectUnknown }, 'a lease ran out; its step is taken up again');
    });
  }
}

function abandoned(row: AbandonedRow, lease: 'expired' | 'held'): Parameters<typeof reclaim>[1] {
  return { stepId: row.step_id, fence: row.fence, effectUnknown: row.effect_unknown, lease };
}

/** What becomes of a waiting step when its approval is decided. No I/O. */
function afterDecision(run: LockedRun, { step_id, approval_id, state }: DecidedStep): Moves | null {
  const step = run.steps.find((candidate) => candidate.id === step_id);
  if (step === undefined || step.state !== 'waiting' || step.approvalId !== approval_id) return null;
  if (state === 'approved' || state === 'consumed') return { steps: [{ id: step.id, from: 'waiting', to: 'ready', delay_ms: 0 }] };
  return { steps: [{ id: step.id, from: 'waiting', to: 'failed', error: { code: `approval_${state}`, message: refusalMessage(state), data: { approval_id } } }] };
}

function goesOn(run: LockedRun, stepId: string): Moves | null {
  const step = run.steps.find((candidate) => candidate.id === stepId);
  return step?.state === 'retrying' && step.error?.code === STOPPED ? { steps: [{ id: step.id, from: 'retrying', to: 'ready', delay_ms: 0 }] } : null;
}
