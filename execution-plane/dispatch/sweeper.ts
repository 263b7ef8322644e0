import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import type { Contents } from '../contents/contents.ts';
import { refusalMessage } from '../engine/step-end.ts';
import { ExecutionError } from '../errors.ts';
import type { Tenants } from '../loops/tenants.ts';
import { moveRun } from './move-run.ts';
import type { Mover, Moves } from './plan-moves.ts';
import { reclaim } from './reclaim.ts';
import { expireApprovals, findDecidedSteps } from './repository-approvals.ts';
import type { DecidedStep } from './repository-approvals.ts';
import { failLostCalls } from './repository-lost-calls.ts';
import type { LockedRun } from './repository-runs.ts';
import { endLeases, findExpiredLeases, findOwnLeases, shredExpired, shredInputs } from './repository-sweeps.ts';
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

/** Looks after what no worker holds: leases that ran out, approvals that were decided or are overdue, content past its retention. */
export class Sweeper {
  readonly #options: SweeperOptions;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Takes steps from workers that are gone. */
  async reclaimExpired(): Promise<boolean> {
    const found = await this.#forAll((tx) => findExpiredLeases(tx, BATCH));
    for (const step of found) {
      this.#options.log.warn({ run_id: step.run_id, step_id: step.step_id, effect_unknown: step.effect_unknown }, 'a lease ran out; its step is taken up again');
      await this.#reclaim(step, 'expired');
    }
    return found.length === BATCH;
  }

  /** Takes over from a process of this worker's name that died: whoever gives the name sees to it that only one lives at a time. */
  async takeOverOwn(): Promise<void> {
    const ended = await this.#forAll((tx) => endLeases(tx, this.#options.worker));
    if (ended > 0) this.#options.log.warn({ steps: ended }, 'the process before this one left steps; they are taken up again');
  }

  /** Gives back what this worker still holds when it stops. */
  async releaseOwn(): Promise<void> {
    for (const step of await this.#forAll((tx) => findOwnLeases(tx, this.#options.worker))) {
      await this.#reclaim(step, 'held');
    }
  }

  /** Wakes steps whose approval was decided, after expiring what nobody decided in time. */
  async settleApprovals(): Promise<boolean> {
    const { changes, clock } = this.#options;
    const expired = await this.#forAll((tx) => expireApprovals(tx, this.#mover(), BATCH, clock.now()));
    for (const approval of expired) changes.changed({ tenant_id: approval.tenant_id, kind: 'approval', id: approval.id, state: 'expired' });
    const decided = await this.#forAll((tx) => findDecidedSteps(tx, BATCH));
    for (const step of decided) await this.#move(step.tenant_id, step.run_id, (run) => afterDecision(run, step));
    return decided.length === BATCH;
  }

  /** Shreds content past its retention, and what policy was asked. */
  async shred(): Promise<boolean> {
    const { retentionMs } = this.#options.contents;
    const shredded = await this.#forAll(async (tx) => [await shredExpired(tx, BATCH), await shredInputs(tx, BATCH, retentionMs)]);
    return shredded.includes(BATCH);
  }

  async #forAll<T>(work: Parameters<Database['forTenants']>[1] extends (tx: infer Tx) => unknown ? (tx: Tx) => Promise<T> : never): Promise<T> {
    return this.#options.database.forTenants(await this.#options.tenants.ids(), work);
  }

  /** The step, and with it the reads that its worker left open. */
  #reclaim(step: AbandonedRow, lease: 'expired' | 'held'): Promise<void> {
    const lost = { tenantId: step.tenant_id, runId: step.run_id, stepId: step.step_id, fence: step.fence };
    return this.#move(step.tenant_id, step.run_id, (run) => reclaim(run, abandoned(step, lease)), (tx) => failLostCalls(tx, [lost], this.#mover(), this.#options.clock.now()));
  }

  async #move(tenantId: string, runId: string, decide: (run: LockedRun) => Moves | null, alongside: (tx: Transaction) => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const { database, changes, clock } = this.#options;
    try {
      const moved = await database.forTenant(tenantId, async (tx) => {
        const moved = await moveRun(tx, clock.now(), this.#mover(), tenantId, runId, decide);
        if (moved !== null) await alongside(tx);
        return moved;
      });
      if (moved === null) return;
      if (moved.changed) changes.changed({ tenant_id: tenantId, kind: 'run', id: runId, state: moved.runState });
      if (moved.readied > 0) changes.stepsReady();
    } catch (error) {
      // Somebody else was quicker: there is nothing left to do.
      if (!(error instanceof StaleLeaseError || (error instanceof ExecutionError && error.code === 'transition_conflict'))) throw error;
    }
  }

  #mover(): Mover {
    return { kind: 'worker', id: this.#options.worker };
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
