import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { Gateway } from '@countersign/connectors/gateway/ports.ts';
import { definitionOf, neededOutputs } from '@countersign/contracts/workflow/item-keys.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Changes } from '../changes/changes.ts';
import type { Contents, SealedContent } from '../contents/contents.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import type { Leases } from '../dispatch/leases.ts';
import { moveRun } from '../dispatch/move-run.ts';
import type { Moved, Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun, RunFacts } from '../dispatch/repository-runs.ts';
import type { StepChange } from '../dispatch/repository-transitions.ts';
import { endWhileCancelling } from '../engine/step-end.ts';
import type { StepEnd } from '../engine/step-end.ts';
import { RunContext } from './run-context.ts';
import { takeTurn } from './take-turn.ts';
import type { Flows, TakenTurn } from './take-turn.ts';
import { triggerManifestOf } from './trigger-manifest.ts';
import { CanonicalJsonError } from '@countersign/platform/canonical-json/errors.ts';

export interface StepRunnerOptions {
  readonly database: Database;
  readonly contents: Contents;
  readonly gateway: Gateway;
  /** Items of maps, and runs that steps start. */
  readonly flows: Flows;
  readonly leases: Leases;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
  readonly leaseMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Runs claimed steps to the end of their turn, and goes on with the next step of the run while there is exactly one. */
export class StepRunner {
  readonly #options: StepRunnerOptions;
  readonly #stopping = new AbortController();
  #draining = false;

  constructor(options: StepRunnerOptions) {
    this.#options = options;
  }

  /** Whether the worker stops: nothing new begins. */
  get draining(): boolean {
    return this.#draining;
  }

  /** From now on a step that ends is not followed by the next one. */
  drain(): void {
    this.#draining = true;
  }

  /** Aborts the calls under way: the deadline for draining is over. */
  abort(): void {
    this.#stopping.abort();
  }

  /** Never rejects: what goes wrong with a step is in its row, what goes wrong around it in the log, and the sweeper comes after it. */
  async run(first: ClaimedStep): Promise<void> {
    const { log } = this.#options;
    let context: RunContext | undefined;
    const loadContext = async (): Promise<RunContext> => context ??= await this.#loadContext(first.facts);
    for (let claimed: ClaimedStep | null = first; claimed !== null;) {
      const step: ClaimedStep = claimed;
      // What ran beside this chain of steps ended in another: its output is read, not remembered.
      if (context?.hasOutputsOf(needsOf(step)) === false) context = undefined;
      claimed = await this.#runOne(step, loadContext).catch((error: unknown) => {
        if (error instanceof StaleLeaseError) log.debug({ step_id: step.stepId, fence: step.fence }, 'the lease was lost; another worker has the step');
        else log.error({ err: error, step_id: step.stepId }, 'a step could not be written; it is taken up again when its lease is over');
        return null;
      });
    }
  }

  async #runOne(claimed: ClaimedStep, loadContext: () => Promise<RunContext>): Promise<ClaimedStep | null> {
    const { gateway, flows, leases, log, random } = this.#options;
    const lease = leases.hold({ tenantId: claimed.facts.tenant.id, stepId: claimed.stepId, fence: claimed.fence });
    try {
      const timeoutMs = definitionOf(claimed.facts.definition, claimed.key)?.timeout_ms ?? 0;
      const signal = AbortSignal.any([lease.lost, this.#stopping.signal, AbortSignal.timeout(timeoutMs)]);
      const taken = await takeTurn(claimed, loadContext, { gateway, flows, signal, log, random: random() });
      const { end, output } = await this.#sealed(claimed, taken);
      if (end.to === 'dead') log.warn({ run_id: claimed.facts.run.id, step: claimed.key, code: end.error.code }, 'a step is dead');
      const next = await this.#commitEnd(claimed, end, output);
      if (end.to === 'succeeded') (await loadContext()).addOutput(claimed.key, end.output, end.labels, end.parts);
      return next;
    } finally {
      lease.release();
    }
  }

  /** An output that cannot be kept, because it is too large or no JSON, ends the step: trying again would give the same. */
  async #sealed(claimed: ClaimedStep, end: TakenTurn): Promise<{ end: TakenTurn; output: SealedContent | null }> {
    if (end.to !== 'succeeded') return { end, output: null };
    const { contents, clock } = this.#options;
    try {
      return { end, output: await contents.seal(claimed.facts.tenant.id, 'output', end.output, end.labels, clock.now()) };
    } catch (error) {
      if (!(error instanceof CanonicalJsonError)) throw error;
      return { end: { to: 'dead', error: { code: 'response_invalid', message: `The output cannot be kept: ${error.message}` } }, output: null };
    }
  }

  async #commitEnd(claimed: ClaimedStep, taken: TakenTurn, output: SealedContent | null): Promise<ClaimedStep | null> {
    const { database, clock, worker, leaseMs } = this.#options;
    const { tenant, run } = claimed.facts;
    let end: StepEnd = taken;
    const decide = (locked: LockedRun): Moves => {
      end = locked.state === 'cancelling' ? endWhileCancelling(taken, locked.overdue) : taken;
      return {
        steps: [changeFor(claimed, end, output)],
        contents: output === null ? [] : [output],
        ...(this.#draining ? {} : { continueAs: { worker, leaseMs } }),
      };
    };
    const moved = await whileConnectionLasts(() => database.forTenant(tenant.id, async (tx) => {
      const moved = await moveRun(tx, clock.now(), { kind: 'worker', id: worker }, tenant.id, run.id, decide);
      if (moved !== null && end === taken) await taken.alongside?.(tx, clock.now());
      return moved;
    }));
    if (moved === null) return null;
    this.#tell(tenant.id, moved);
    return moved.continued === null ? null : {
      stepId: moved.continued.step.id, key: moved.continued.step.key, attempt: moved.continued.attempt, maxAttempts: moved.continued.step.maxAttempts,
      fence: moved.continued.fence, facts: claimed.facts,
    };
  }

  #tell(tenantId: string, moved: Moved): void {
    this.#options.changes.changed({ tenant_id: tenantId, kind: 'run', id: moved.runId, state: moved.runState });
    if (moved.readied > 0) this.#options.changes.stepsReady();
  }

  #loadContext(facts: RunFacts): Promise<RunContext> {
    const { database, contents, gateway } = this.#options;
    return RunContext.load(database, contents, facts, triggerManifestOf(gateway, facts));
  }
}

function needsOf({ key, facts }: ClaimedStep): readonly string[] {
  return neededOutputs(facts.definition, key);
}

function changeFor(claimed: ClaimedStep, end: StepEnd, output: SealedContent | null): Omit<StepChange, 'tenant_id'> {
  const base = { id: claimed.stepId, from: 'leased', to: end.to, fence: claimed.fence, lease: 'held' } as const;
  switch (end.to) {
    case 'succeeded': return { ...base, output_labels: end.labels, ...(end.parts === undefined ? {} : { output_part_labels: end.parts }), ...(output === null ? {} : { output_content_id: output.id }) };
    case 'skipped': return base;
    // Waiting is not a failed attempt: the attempt is given back.
    case 'waiting': return {
      ...base, attempt: claimed.attempt - 1, ...(end.approvalId === null ? {} : { approval_id: end.approvalId }),
      ...(end.delayMs === undefined ? {} : { delay_ms: end.delayMs }), ...(end.wakeAt === undefined ? {} : { wake_at: end.wakeAt }),
    };
    case 'retrying':
    case 'uncertain': return { ...base, delay_ms: end.delayMs, error: end.error, ...(end.attemptGivenBack === true ? { attempt: claimed.attempt - 1 } : {}) };
    default: return { ...base, error: end.error, ...(end.approvalId === undefined ? {} : { approval_id: end.approvalId }) };
  }
}

const COMMIT_TRIES = 3;

/** An outcome that is known must not be lost to a broken connection: it is written again while that may help. The fence makes that safe. */
async function whileConnectionLasts<T>(work: () => Promise<T>): Promise<T> {
  for (let left = COMMIT_TRIES; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StaleLeaseError || left <= 1) throw error;
    }
  }
}
