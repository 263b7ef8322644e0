import type { RunState } from '@countersign/contracts/states/transitions.ts';
import { MAP, workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import { definitionOf, itemKeyOf, neededOutputs } from '@countersign/contracts/workflow/item-keys.ts';
import { CanonicalJsonError } from '@countersign/platform/canonical-json/errors.ts';
import { NotWrittenError, RunJournal } from '../commit/journal.ts';
import { RememberedRun } from '../commit/remembered-run.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import type { KeptLease } from '../dispatch/leases.ts';
import { moveRun } from '../dispatch/move-run.ts';
import type { Moved, Mover, Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun, RunContentRow, RunFacts } from '../dispatch/repository-runs.ts';
import { backoffMs } from '../engine/backoff.ts';
import { endOfFailure, endWhileCancelling, endWhileStopping } from '../engine/step-end.ts';
import type { StepEnd } from '../engine/step-end.ts';
import { runSpan, stepSpan } from '../telemetry/run-spans.ts';
import { changeFor } from './end-change.ts';
import { RunContext } from './run-context.ts';
import type { StepRunnerOptions } from './step-runner-options.ts';
import { takeTurn } from './take-turn.ts';
import type { TakenTurn } from './take-turn.ts';
import { triggerManifestOf } from './trigger-manifest.ts';
import { TurnSignal } from './turn-signal.ts';
import { whileConnectionLasts } from './while-connection-lasts.ts';

/** A turn that is over: what is to be written of it. */
interface Ended {
  readonly claimed: ClaimedStep;
  readonly end: TakenTurn;
  readonly output: SealedContent | null;
  /** It is there already, as the output of the step's call. */
  readonly isKept?: boolean;
  /** When the turn began, by `performance.now()`. */
  readonly began_ms: number;
}

export interface ChainOptions extends StepRunnerOptions {
  /** Nothing new begins: the worker drains. */
  readonly isDraining: () => boolean;
  readonly stopping: AbortSignal;
}

/**
 * One run in the hands of this worker: a step to the end of its turn, then the one that follows from it, while there is exactly one. What a turn
 * leads to is decided on the run as it is remembered, and noted in the run's journal, so that it commits together with the intent of the
 * next call. Where the run turns out to be another, its lock is taken and it is decided again.
 */
export class Chain {
  readonly #options: ChainOptions;
  readonly #facts: RunFacts;
  readonly #journal: RunJournal;
  readonly #lease: KeptLease;
  readonly #ends: AbortSignal;
  /** How the run stood when the chain began; null where that could not be read. */
  readonly #looked: Promise<{ readonly remembered: RememberedRun | null; readonly contents: readonly RunContentRow[] } | null>;
  #isFirstContext = true;
  #context: RunContext | undefined;
  /** Null where it is not known how the run stands: it is then looked at under its lock. */
  #remembered: Promise<RememberedRun | null> | null;
  /** The turn whose end is noted and not committed yet. */
  #noted: Ended | null = null;

  constructor(options: ChainOptions, first: ClaimedStep) {
    this.#options = options;
    this.#facts = first.facts;
    this.#journal = new RunJournal(options.committer);
    this.#lease = options.leases.hold(leaseOf(first), () => this.#journal.isOpen);
    this.#ends = AbortSignal.any([this.#lease.lost, options.stopping]);
    this.#looked = this.#look();
    this.#remembered = this.#looked.then((look) => look?.remembered ?? null);
  }

  /** @throws StaleLeaseError: another worker has the step */
  async run(first: ClaimedStep): Promise<void> {
    try {
      for (let claimed: ClaimedStep | null = first; claimed !== null;) claimed = await this.#traced(claimed);
    } finally {
      this.#lease.release();
    }
  }

  #traced(claimed: ClaimedStep): Promise<ClaimedStep | null> {
    const { telemetry: { tracing }, worker } = this.#options;
    return tracing.inSpan(() => stepSpan(claimed, worker), () => this.#step(claimed));
  }

  /** Gives the step that this worker holds next. */
  async #step(claimed: ClaimedStep): Promise<ClaimedStep | null> {
    const { journals } = this.#options;
    journals.open(claimed.stepId, claimed.fence, this.#journal);
    try {
      const ended = await this.#turn(claimed);
      const next = await this.#endTurn(ended);
      if (ended.end.to === 'succeeded') this.#context?.addOutput(claimed.key, ended.end.output, ended.end.labels, ended.end.parts);
      return next;
    } catch (error) {
      if (error instanceof NotWrittenError) return await this.#writeSlowly(this.#afterRefusal(error, claimed));
      throw error;
    } finally {
      journals.close(claimed.stepId, claimed.fence);
    }
  }

  async #turn(claimed: ClaimedStep): Promise<Ended> {
    const { gateway, flows, log, random } = this.#options;
    // What ran beside this chain of steps ended in another: its output is read, not remembered.
    if (this.#context?.hasOutputsOf(neededOutputs(this.#facts.definition, claimed.key)) === false) this.#context = undefined;
    const began_ms = performance.now();
    const turn = new TurnSignal(this.#ends, definitionOf(this.#facts.definition, claimed.key)?.timeout_ms ?? 0);
    try {
      const taken = await takeTurn(claimed, () => this.#loadContext(), { gateway, flows, signal: turn.signal, log, random: random() });
      if (taken.to === 'dead') log.warn({ run_id: this.#facts.run.id, step: claimed.key, code: taken.error.code }, 'a step is dead');
      return { began_ms, ...await this.#sealed(claimed, this.#options.stopping.aborted ? endWhileStopping(taken) : taken) };
    } finally {
      turn.release();
    }
  }

  /** An output that cannot be kept, because it is too large or no JSON, ends the step: trying again would give the same. */
  async #sealed(claimed: ClaimedStep, end: TakenTurn): Promise<Omit<Ended, 'began_ms'>> {
    if (end.to !== 'succeeded') return { claimed, end, output: null };
    const { contents, clock } = this.#options;
    const kept = this.#journal.keptOutput(end.output);
    if (kept !== null) return { claimed, end, output: kept, isKept: true };
    try {
      return { claimed, end, output: await contents.seal(this.#facts.tenant.id, 'output', end.output, end.labels, clock.now()) };
    } catch (error) {
      if (!(error instanceof CanonicalJsonError)) throw error;
      return { claimed, end: { to: 'dead', error: { code: 'response_invalid', message: `The output cannot be kept: ${error.message}` } }, output: null };
    }
  }

  /** Notes the end where it can be decided from memory; else it is written under the run's lock. */
  async #endTurn(ended: Ended): Promise<ClaimedStep | null> {
    const { clock } = this.#options;
    // Two moves of one step do not go into one statement.
    if (this.#journal.hasMoves) await this.#journal.flush();
    const { claimed, end } = ended;
    const remembered = end.alongside === undefined ? await this.#remembered : null;
    const planned = remembered?.move((run) => this.#moves(run, ended), { ...leaseOf(claimed), runId: this.#facts.run.id }, this.#mover(), clock.now()) ?? null;
    if (planned === null) return this.#writeSlowly(ended);
    this.#noted = ended;
    const next = claimedNext(claimed, planned.moved);
    this.#journal.note(planned.part, () => this.#written(ended, planned.moved, next));
    if (next === null || readsRows(next)) await this.#journal.flush();
    return next;
  }

  /** In a transaction of its own, with the run locked. What was noted before is committed first. */
  async #writeSlowly(ended: Ended): Promise<ClaimedStep | null> {
    const { database, clock } = this.#options;
    const { tenant, run } = this.#facts;
    this.#remembered = null;
    await this.#journal.flush();
    const moved = await whileConnectionLasts(() => database.forTenant(tenant.id, async (tx) => {
      let written: StepEnd | undefined;
      const moved = await moveRun(tx, clock.now(), this.#mover(), tenant.id, run.id, (locked) => {
        written = endIn(locked, ended.end);
        return this.#moves(locked, ended);
      });
      if (moved !== null && written === ended.end) await ended.end.alongside?.(tx, clock.now());
      return moved;
    }));
    if (moved === null) return null;
    const next = claimedNext(ended.claimed, moved);
    this.#written(ended, moved, next);
    if (next !== null) this.#remembered = this.#remember();
    return next;
  }

  #moves(run: LockedRun, { claimed, end, output, isKept }: Ended): Moves {
    const { worker, leaseMs } = this.#options;
    return {
      steps: [changeFor(claimed, endIn(run, end), output)],
      contents: output === null || isKept === true ? [] : [output],
      ...(this.#options.isDraining() ? {} : { continueAs: { worker, leaseMs } }),
    };
  }

  /** The moves are committed: whoever wants to know is told, and the lease is that of the next step. */
  #written(ended: Ended, moved: Moved, next: ClaimedStep | null): void {
    const { changes } = this.#options;
    this.#observe(ended, moved, next);
    this.#noted = null;
    if (next !== null) this.#lease.passTo(leaseOf(next));
    const change = { tenant_id: this.#facts.tenant.id, workspace_id: moved.workspaceId, kind: 'run', id: moved.runId, state: moved.runState } as const;
    if (moved.changed || changes.progressed === undefined) changes.changed(change);
    else changes.progressed(change);
    if (moved.readied > 0) changes.stepsReady();
  }

  #observe({ end, began_ms }: Ended, moved: Moved, next: ClaimedStep | null): void {
    const { clock, telemetry: { observer, tracing } } = this.#options;
    observer.stepTurned(this.#facts, end.to, performance.now() - began_ms);
    if (next !== null) observer.stepClaimed(this.#facts, 0);
    if (!moved.changed || !isEnded(moved.runState)) return;
    observer.runEnded(this.#facts, moved.runState);
    if (this.#facts.triggerKind === 'workflow') this.#options.flows.childEnded();
    tracing.record(() => runSpan(this.#facts, moved.runState, clock.now()));
  }

  /**
   * What is written instead of what was refused. Moves that the run had no place for are decided again, by its lock. Where the record of a call
   * was refused, its step is taken up again: what was sent is then found out about.
   */
  #afterRefusal({ part, cause }: NotWrittenError, current: ClaimedStep): Ended {
    const { log, random } = this.#options;
    this.#journal.forgetFailure();
    const noted = this.#noted;
    this.#noted = null;
    if (part.expected !== null && noted !== null) return noted;
    const claimed = noted ?? { claimed: current };
    log.error({ err: cause, run_id: this.#facts.run.id, step: claimed.claimed.key }, 'the record of a call could not be written');
    const retry = definitionOf(this.#facts.definition, claimed.claimed.key)?.retry ?? NO_RETRY;
    const { attempt, maxAttempts } = claimed.claimed;
    const turn = { attempt, maxAttempts, retry, random: random() };
    const error = { code: 'internal', message: 'What came of a call could not be written; the log of the worker has more.', retryable: true } as const;
    // What was sent is open: nobody may take it for something that did not happen.
    const isOpen = (part.rows.outcomes ?? []).length > 0;
    const end: StepEnd = isOpen ? { to: 'uncertain', delayMs: backoffMs(retry, attempt, turn.random), error: { code: error.code, message: error.message } } : endOfFailure(error, turn);
    return { claimed: claimed.claimed, end, output: null, began_ms: noted?.began_ms ?? performance.now() };
  }

  async #loadContext(): Promise<RunContext> {
    const { database, contents, gateway } = this.#options;
    if (this.#context !== undefined) return this.#context;
    const look = this.#isFirstContext ? await this.#looked : null;
    this.#isFirstContext = false;
    const manifest = triggerManifestOf(gateway, this.#facts);
    this.#context = look === null ? await RunContext.load(database, contents, this.#facts, manifest) : await RunContext.of(contents, this.#facts, manifest, look.contents);
    return this.#context;
  }

  async #look(): Promise<{ readonly remembered: RememberedRun | null; readonly contents: readonly RunContentRow[] } | null> {
    // Where it fails, what needs it reads again, and says what is wrong.
    const look = await this.#options.looks.look(this.#facts.tenant.id, this.#facts.run.id).catch(() => null);
    return look === null ? null : { remembered: look.run === null ? null : new RememberedRun(look.run), contents: look.contents };
  }

  async #remember(): Promise<RememberedRun | null> {
    // Without it everything is decided under the lock.
    const look = await this.#options.looks.look(this.#facts.tenant.id, this.#facts.run.id).catch(() => null);
    return look === null || look.run === null ? null : new RememberedRun(look.run);
  }

  #mover(): Mover {
    return { kind: 'worker', id: this.#options.worker };
  }
}

/** Whether its turn begins with looking at what the run has written: the outputs of its item, the items of a map, the run that it started. */
function readsRows({ facts, key }: ClaimedStep): boolean {
  const uses = definitionOf(facts.definition, key)?.uses ?? '';
  return itemKeyOf(key) !== null || uses === MAP || workflowStartedBy(uses) !== null;
}

function endIn(run: LockedRun, end: TakenTurn): StepEnd {
  return run.state === 'cancelling' ? endWhileCancelling(end, run.overdue) : end;
}

function isEnded(state: RunState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

const NO_RETRY = { max_attempts: 1, backoff: 'fixed', initial_ms: 1_000, max_ms: 1_000 } as const;

function leaseOf({ facts, stepId, fence }: ClaimedStep): { tenantId: string; stepId: string; fence: string } {
  return { tenantId: facts.tenant.id, stepId, fence };
}

function claimedNext({ facts }: ClaimedStep, { continued }: Moved): ClaimedStep | null {
  if (continued === null) return null;
  const { step, attempt, fence } = continued;
  return { stepId: step.id, key: step.key, attempt, maxAttempts: step.maxAttempts, fence, facts };
}
