import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { Moved } from '../dispatch/plan-moves.ts';
import { reclaim } from '../dispatch/reclaim.ts';
import type { StepChange } from '../dispatch/repository-transitions.ts';
import { endOfFailure, endOfUnknown, endWhileCancelling, refusalMessage } from '../engine/step-end.ts';
import type { StepEnd, Turn as EngineTurn } from '../engine/step-end.ts';
import { engineOf } from '../engine/versions.ts';
import { ExecutionError } from '../errors.ts';
import { callOf } from './call-model.ts';
import type { Turn } from './call-model.ts';
import { BrokenInvariantError } from './store-model.ts';
import type { ClaimedInModel, Holding, ModelStep } from './store-model.ts';
import type { Process } from './timeline.ts';
import type { World } from './world.ts';

/** The connection broke: what it carried may have been committed. */
class ConnectionBrokenError extends Error {
  override readonly name = 'ConnectionBrokenError';
}

interface Work { readonly stepId: string; readonly runId: string; readonly fence: number; readonly attempt: number; readonly cancelling: boolean }

const COMMIT_TRIES = 3;
const NETWORK_MS = 4;
const STOPPED_AFTER_COMMIT = 0.004;
const POLL_MS = { broadcast: 1_000, messages: 5_000 } as const;

/** A worker: the loops and the turn of `worker/`, `dispatch/` and `steps/`, transaction by transaction, each a moment of its own. */
export class WorkerModel implements Process {
  readonly name: string;
  gone = false;
  stoppedUntil = 0;
  draining = false;
  readonly #world: World;
  readonly #told: (runId: string) => void;
  readonly #held = new Map<string, Holding & { lost: boolean }>();
  #active = 0;
  #dispatching = false;
  #woken = false;
  readonly #hinted = new Set<string>();

  constructor(world: World, name: string, told: (runId: string) => void) {
    this.#world = world;
    this.name = name;
    this.#told = told;
  }

  start(): void {
    const { settings, timeline, store, monitor, flaws } = this.#world;
    store.endLeases(timeline.now, this.name);
    monitor.endedEarly(this.name, timeline.now);
    if (!flaws.has('no_polling')) this.#loop(POLL_MS[settings.wake], () => this.#dispatch(null));
    else this.wake(null);
    this.#loop(settings.leaseMs / 3, () => this.#renew());
    if (!flaws.has('no_sweep')) this.#loop(Math.min(1_000, settings.leaseMs / 4), () => this.#sweep());
    this.#loop(1_000, () => this.#settleApprovals());
    this.#loop(1_000, () => this.#carryOutCommands());
  }

  /** Something may be ready: of this run, or anywhere. */
  wake(runId: string | null): void {
    if (this.gone || this.draining) return;
    if (runId !== null) this.#hinted.add(runId);
    this.#woken = true;
    if (this.#dispatching) return;
    this.#world.timeline.after(1, this, () => this.#drive(this.#dispatch(this.#takeHints()), () => undefined));
  }

  /** As on SIGTERM: nothing new begins; what is left after a moment is given back. */
  drain(): void {
    this.draining = true;
    this.#world.timeline.after(300, this, () => this.#drive(this.#giveBack(), () => { this.gone = true; }));
  }

  #takeHints(): ReadonlySet<string> | null {
    if (this.#hinted.size === 0) return null;
    const hints = new Set(this.#hinted);
    this.#hinted.clear();
    return hints;
  }

  *#dispatch(runIds: ReadonlySet<string> | null): Turn<void> {
    const { store, settings, monitor } = this.#world;
    const free = settings.concurrency - this.#active;
    if (free <= 0 || this.draining || this.#dispatching) return;
    this.#dispatching = true;
    this.#woken = false;
    try {
      const claimed = yield* this.#tx((now) => {
        const early = monitor.claimable(now);
        const taken = store.claim(now, this.name, settings.leaseMs, free, ({ runId }) => runIds === null || runIds.has(runId));
        for (const { step, fence, cancelling } of taken) this.#noteClaim(now, step, fence, cancelling, early);
        return taken.map(({ step, fence, attempt, cancelling }: ClaimedInModel): Work => ({ stepId: step.id, runId: step.runId, fence, attempt, cancelling }));
      });
      if (!this.draining) for (const work of claimed) this.#begin(work);
    } finally {
      this.#dispatching = false;
      if (this.#woken) this.wake(null);
    }
  }

  #noteClaim(now: number, step: ModelStep, fence: number, cancelling: boolean, early: ReadonlyMap<string, number> = new Map()): void {
    this.#world.say(() => `${this.name} claims ${step.id} under fence ${fence}`);
    this.#world.monitor.claimed(now, step, { stepId: step.id, fence, worker: this.name }, now + this.#world.settings.leaseMs, cancelling, early);
  }

  #begin(work: Work): void {
    this.#active += 1;
    this.#drive(this.#run(work), () => {
      this.#active -= 1;
      this.wake(null);
    });
  }

  *#run(first: Work): Turn<void> {
    for (let work: Work | null = first; work !== null;) work = yield* this.#runOne(work);
  }

  *#runOne(work: Work): Turn<Work | null> {
    const holding = { stepId: work.stepId, fence: work.fence, worker: this.name, lost: false };
    this.#held.set(work.stepId, holding);
    try {
      const end = yield* this.#turn(work, holding);
      return yield* this.#commitEnd(work, holding, end);
    } finally {
      if (this.#held.get(work.stepId) === holding) this.#held.delete(work.stepId);
    }
  }

  *#turn(work: Work, holding: Holding & { lost: boolean }): Turn<StepEnd> {
    const { settings, random, flaws } = this.#world;
    const kindOf = (stepId: string) => this.#world.kindOf(stepId);
    const turn: EngineTurn = { attempt: work.attempt, maxAttempts: settings.retry.max_attempts, retry: settings.retry, random: random.next() };
    try {
      return engineOf(1).endOfCall(yield* callOf({ world: this.#world, holding, tx: (run) => this.#tx(run), isLost: () => holding.lost, onlyFindOut: this.#onlyFindOut(work) }), turn);
    } catch (error) {
      if (!(error instanceof ConnectionBrokenError)) throw error;
      const fault = { code: 'internal', message: 'The worker could not run this step.', retryable: true } as const;
      const mayHaveSent = kindOf(work.stepId).does !== 'read' && !flaws.has('faults_forget_effects');
      return mayHaveSent && turn.attempt <= turn.maxAttempts ? endOfUnknown(fault, turn) : endOfFailure(fault, turn);
    }
  }

  /** As `take-turn.ts`. */
  #onlyFindOut({ cancelling, attempt }: Work): 'run_cancelled' | 'attempts_exhausted' | null {
    const { flaws, settings } = this.#world;
    if (cancelling && !flaws.has('begins_while_cancelling')) return 'run_cancelled';
    return attempt > settings.retry.max_attempts && !flaws.has('tries_without_end') ? 'attempts_exhausted' : null;
  }

  *#commitEnd(work: Work, holding: Holding, end: StepEnd): Turn<Work | null> {
    for (let left = COMMIT_TRIES; ; left--) {
      try {
        const moved = yield* this.#tx((now) => this.#writeEnd(now, work, holding, end));
        if (moved?.continued == null) return null;
        return { stepId: moved.continued.step.id, runId: work.runId, fence: Number(moved.continued.fence), attempt: moved.continued.attempt, cancelling: false };
      } catch (error) {
        if (!(error instanceof ConnectionBrokenError) || left <= 1) throw error;
      }
    }
  }

  #writeEnd(now: number, work: Work, holding: Holding, end: StepEnd): Moved | null {
    const { store, settings, monitor, random } = this.#world;
    const moved = store.move(now, this.name, work.runId, (run) => ({
      steps: [changeFor(work, run.state === 'cancelling' ? endWhileCancelling(end, run.overdue) : end)],
      ...(this.draining || random.chance(0.1) ? {} : { continueAs: { worker: this.name, leaseMs: settings.leaseMs } }),
    }));
    this.#world.say(() => `${this.name} ends ${work.stepId} under fence ${work.fence} as ${end.to}`);
    monitor.wrote(now, holding, true);
    if (moved?.continued != null) this.#noteClaim(now, store.steps.get(moved.continued.step.id)!, Number(moved.continued.fence), false);
    if (moved !== null && moved.readied > 0) this.#told(work.runId);
    return moved;
  }

  *#renew(): Turn<void> {
    const { store, settings, monitor } = this.#world;
    const before = [...this.#held.values()];
    if (before.length === 0) return;
    const kept = yield* this.#tx((now) => {
      const renewed = store.renew(now, before, settings.leaseMs);
      for (const stepId of renewed) monitor.renewed(stepId, now + settings.leaseMs);
      return renewed;
    });
    for (const holding of before) if (!kept.has(holding.stepId)) holding.lost = true;
  }

  *#sweep(): Turn<void> {
    const { store, monitor } = this.#world;
    const found = yield* this.#tx((now) => store.expired(now).map(({ step, fence, effectUnknown }) => ({ stepId: step.id, runId: step.runId, fence, effectUnknown })));
    for (const { stepId, runId, fence, effectUnknown } of found) {
      yield* this.#unlessRaced(this.#tx((now) => {
        const moved = store.move(now, this.name, runId, (run) => reclaim(run, { stepId, fence, effectUnknown, lease: 'expired' }));
        if (moved === null) return;
        monitor.takenAway(now, stepId);
        this.#world.say(() => `${this.name} takes ${stepId} away from fence ${fence}${effectUnknown ? ', effect unknown' : ''}`);
        this.#told(runId);
      }));
    }
  }

  /** As `releaseOwn`. */
  *#giveBack(): Turn<void> {
    const { store, monitor } = this.#world;
    const own = [...this.#held.values()];
    for (const { stepId, fence } of own) {
      const { runId } = store.steps.get(stepId)!;
      yield* this.#unlessRaced(this.#tx((now) => {
        const moved = store.move(now, this.name, runId, (run) => reclaim(run, { stepId, fence: String(fence), effectUnknown: store.effectUnknown(stepId), lease: 'held' }));
        if (moved !== null) monitor.wrote(now, { stepId, fence, worker: this.name }, true);
        this.#told(runId);
      }));
    }
  }

  *#settleApprovals(): Turn<void> {
    const { store } = this.#world;
    for (const step of [...store.steps.values()].filter(({ state, approvalId }) => state === 'waiting' && approvalId !== null)) {
      const state = store.approvals.find(({ id }) => id === step.approvalId)?.state;
      if (state === undefined || state === 'pending') continue;
      yield* this.#unlessRaced(this.#tx((now) => {
        const decided = state === 'approved' || state === 'consumed';
        const moved = store.move(now, this.name, step.runId, (run) => {
          if (run.steps.find(({ id }) => id === step.id)?.state !== 'waiting') return null;
          return { steps: [decided ? { id: step.id, from: 'waiting', to: 'ready', delay_ms: 0 } : { id: step.id, from: 'waiting', to: 'failed', error: { code: `approval_${state}`, message: refusalMessage(state) } }] };
        });
        if (moved !== null && moved.readied > 0) this.#told(step.runId);
      }));
    }
  }

  *#carryOutCommands(): Turn<void> {
    const { commands, store, monitor } = this.#world;
    for (const command of commands.filter(({ done }) => !done)) {
      yield* this.#unlessRaced(this.#tx((now) => {
        if (command.done) return;
        command.done = true;
        const broken = store.stepsOf(command.runId).filter(({ state }) => state === 'dead' || state === 'failed');
        const moved = store.move(now, this.name, command.runId, (run) => this.#world.decide(run, command));
        this.#world.say(() => `${command.kind} of ${command.runId}: ${moved === null ? 'nothing to do' : `run is ${moved.runState}`}`);
        if (moved === null) return;
        if (command.kind === 'redrive') for (const { id } of broken) monitor.redriven(id);
        this.#told(command.runId);
      }));
    }
  }

  *#unlessRaced(work: Turn<void>): Turn<void> {
    try {
      yield* work;
    } catch (error) {
      if (!(error instanceof StaleLeaseError || (error instanceof ExecutionError && error.code === 'transition_conflict'))) throw error;
    }
  }

  /** One transaction: there, at one moment all of it, and back; the connection may break on either way. */
  *#tx<T>(work: (now: number) => T): Turn<T> {
    const { random, timeline, settings, calm } = this.#world;
    yield random.between(0, NETWORK_MS);
    if (!calm && random.chance(settings.connectionBreaks)) throw new ConnectionBrokenError('before');
    const result = work(timeline.now);
    // What is most delicate is right after a commit, so that is where it is stopped more often than chance would have it.
    if (!calm && random.chance(STOPPED_AFTER_COMMIT)) this.stoppedUntil = timeline.now + random.between(settings.leaseMs / 2, settings.leaseMs * 3);
    yield random.between(0, NETWORK_MS);
    if (!calm && random.chance(settings.connectionBreaks)) throw new ConnectionBrokenError('after');
    return result;
  }

  #loop(everyMs: number, turn: () => Turn<void>): void {
    const { timeline, random } = this.#world;
    const again = (): void => timeline.after(everyMs * (0.75 + random.next() / 2), this, once);
    const once = (): void => this.#drive(turn(), again);
    timeline.after(random.below(20), this, once);
  }

  /** Goes on with `turn` whenever its wait is over. What goes wrong with it is nobody's affair, as in the worker; a broken invariant is. */
  #drive(turn: Turn<void>, done: () => void): void {
    const go = (): void => {
      let next: IteratorResult<number, void>;
      try {
        next = turn.next();
      } catch (error) {
        if (error instanceof BrokenInvariantError || !(error instanceof ConnectionBrokenError || error instanceof StaleLeaseError || error instanceof ExecutionError)) throw error;
        return done();
      }
      if (next.done === true) return done();
      this.#world.timeline.after(next.value, this, go);
    };
    go();
  }
}

/** As the step runner writes an end. */
function changeFor(work: Work, end: StepEnd): Omit<StepChange, 'tenant_id'> {
  const base = { id: work.stepId, from: 'leased', to: end.to, fence: String(work.fence), lease: 'held' } as const;
  switch (end.to) {
    case 'succeeded': case 'skipped': return base;
    case 'waiting': return { ...base, approval_id: end.approvalId ?? '', attempt: work.attempt - 1 };
    case 'retrying': case 'uncertain': return { ...base, delay_ms: end.delayMs, error: end.error, ...(end.attemptGivenBack === true ? { attempt: work.attempt - 1 } : {}) };
    default: return { ...base, error: end.error };
  }
}

