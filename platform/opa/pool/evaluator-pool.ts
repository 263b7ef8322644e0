import { PdpError } from '../errors.ts';
import { askedOf, newOwner, settle } from './job.ts';
import type { Job, Owner } from './job.ts';
import { Lane } from './lane.ts';
import type { Offence } from './lane.ts';
import { loadedInTime } from './loading.ts';
import type { ThreadLimits } from './policy-thread.ts';
import { Programs } from './programs.ts';
import type { ProgramSource } from './program.ts';

/** One compiled policy with its data, warm, on behalf of one owner. */
export interface Evaluator {
  /**
   * Evaluates the entrypoint on `input` (JSON text). Gives OPA's result set, `[{ result }]`, or `[]` where the rule is undefined.
   * Throws PdpError.
   */
  evaluate(input: string): Promise<unknown>;
  /** Takes no more questions, and answers those it has. */
  retire(): void;
  /** Takes no more questions; those it has fail with `evaluator_closed`. */
  close(): Promise<void>;
}

export interface OpenOptions extends ProgramSource {
  /** For one evaluation, from when a thread turns to it. */
  readonly deadline_ms: number;
}

/** A few threads that evaluate the policies of a whole process. */
export interface EvaluatorPool {
  /** Resolves when the policy has proven itself by its probes. Throws PdpError. */
  open(options: OpenOptions): Promise<Evaluator>;
  stats(): PoolStats;
  close(): Promise<void>;
}

/** For operators and metrics. */
export interface PoolStats {
  readonly threads: number;
  /** Compiled policies that are loaded; bundles with equal content share one. */
  readonly programs: number;
  /** Owners whose policy runs on a thread of its own, because it did not end or took its thread with it. */
  readonly isolated: number;
  readonly evaluations: number;
  readonly offences: Readonly<Record<Offence, number>>;
}

export interface PoolOptions {
  readonly threads?: number;
  readonly limits?: Partial<ThreadLimits>;
  /** Who takes longer than this for one evaluation goes on aside, where nobody waits for it; usual ones take a thousandth of it. */
  readonly stall_ms?: number;
  /** How long an offender stays isolated after its last offence. */
  readonly isolation_ms?: number;
  /** Threads end when nothing was asked for this long, for the sake of their memory; the next question waits until one is back, 40 to 80 ms. null: they stay. */
  readonly idle_ms?: number | null;
  /** Threads for offenders; where there are more offenders, they share. 0: nobody is isolated. */
  readonly isolated_threads?: number;
}

const DEFAULTS = { threads: 2, stall_ms: 100, idle_ms: null, isolation_ms: 600_000, isolated_threads: 8 } as const;
/** 64 MiB for each policy. */
export const DEFAULT_LIMITS: ThreadLimits = { memory_pages: 1_024, heap_mb: 128, warm: 128 };
/** Of one owner. */
export const MOST_OPEN = 10_000;

export function createEvaluatorPool(options: PoolOptions = {}): EvaluatorPool {
  return new Pool({ ...DEFAULTS, ...options, limits: { ...DEFAULT_LIMITS, ...options.limits } });
}

interface Isolation {
  readonly lane: Lane;
  until_ms: number;
}

class Pool implements EvaluatorPool {
  readonly #options: Required<PoolOptions> & { readonly limits: ThreadLimits };
  readonly #programs: Programs;
  readonly #shared: Lane;
  readonly #isolated = new Map<Owner, Isolation>();
  readonly #owners = new Set<Owner>();
  readonly #offences: Record<Offence, number> = { stalled: 0, timed_out: 0, crashed: 0 };
  #evaluations = 0;
  #isClosed = false;

  constructor(options: Required<PoolOptions> & { readonly limits: ThreadLimits }) {
    this.#options = options;
    this.#programs = new Programs(options.limits);
    this.#shared = new Lane({ threads: options.threads, limits: options.limits, stall_ms: options.stall_ms, idle_ms: options.idle_ms, isStrict: false, onOffence: (owner, offence) => this.#offended(owner, offence) });
  }

  async open({ deadline_ms, ...source }: OpenOptions): Promise<Evaluator> {
    const program = await this.#programs.take(source);
    try {
      await loadedInTime(this.#shared.warmUp(program));
    } catch (error) {
      // What is proven is loaded again by whichever thread is asked: one that ended meanwhile was ended by others.
      if (source.probes.length === 0) {
        this.#release(program.id);
        throw error;
      }
    }
    const owner = newOwner(program, deadline_ms);
    this.#owners.add(owner);
    return new PooledEvaluator(owner, (job) => this.#submit(job), () => this.#leave(owner));
  }

  stats(): PoolStats {
    const lanes = new Set([this.#shared, ...[...this.#isolated.values()].map(({ lane }) => lane)]);
    return {
      threads: [...lanes].reduce((sum, lane) => sum + lane.threads, 0),
      programs: this.#programs.size,
      isolated: this.#isolated.size,
      evaluations: this.#evaluations,
      offences: { ...this.#offences },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const lanes = new Set([this.#shared, ...[...this.#isolated.values()].map(({ lane }) => lane)]);
    await Promise.all([...lanes].map((lane) => lane.close()));
  }

  #submit(job: Job): void {
    this.#evaluations += 1;
    if (this.#isClosed) settle(job, { error: new PdpError('evaluator_closed', 'the evaluators were closed') });
    else this.#laneOf(job.owner).submit(job);
  }

  #laneOf(owner: Owner): Lane {
    const isolation = this.#isolated.get(owner);
    if (isolation === undefined) return this.#shared;
    if (performance.now() < isolation.until_ms) return isolation.lane;
    this.#endIsolation(owner);
    return this.#shared;
  }

  #offended(owner: Owner, offence: Offence): void {
    this.#offences[offence] += 1;
    // Who only took long may have been kept waiting by the machine.
    if (offence === 'stalled' || this.#isClosed || !this.#owners.has(owner) || this.#options.isolated_threads === 0) return;
    const until_ms = performance.now() + this.#options.isolation_ms;
    const isolation = this.#isolated.get(owner) ?? { lane: this.#laneForOffender(), until_ms };
    isolation.until_ms = until_ms;
    this.#isolated.set(owner, isolation);
    // Also what a second thread gives back that was sent to it before.
    for (const job of this.#shared.takeWaiting(owner)) isolation.lane.submit(job);
  }

  /** A new one while there may be more, else the one with the fewest. */
  #laneForOffender(): Lane {
    const crowds = new Map<Lane, number>();
    for (const { lane } of this.#isolated.values()) crowds.set(lane, (crowds.get(lane) ?? 0) + 1);
    const [least] = [...crowds].toSorted(([, a], [, b]) => a - b);
    if (least !== undefined && crowds.size >= this.#options.isolated_threads) return least[0];
    return new Lane({ threads: 1, limits: this.#options.limits, stall_ms: null, idle_ms: this.#options.idle_ms, isStrict: true, onOffence: (owner, offence) => this.#offended(owner, offence) });
  }

  #endIsolation(owner: Owner): void {
    const isolation = this.#isolated.get(owner);
    if (isolation === undefined) return;
    this.#isolated.delete(owner);
    for (const job of isolation.lane.takeWaiting(owner)) this.#shared.submit(job);
    if (![...this.#isolated.values()].some(({ lane }) => lane === isolation.lane)) isolation.lane.closeWhenIdle();
  }

  #leave(owner: Owner): void {
    if (!this.#owners.delete(owner)) return;
    this.#endIsolation(owner);
    this.#release(owner.program.id);
  }

  #release(id: number): void {
    const unused = this.#programs.release(id);
    if (unused !== undefined && !this.#isClosed) this.#shared.unload(unused);
  }
}

class PooledEvaluator implements Evaluator {
  readonly #owner: Owner;
  readonly #submit: (job: Job) => void;
  readonly #leave: () => void;
  #isRetired = false;

  constructor(owner: Owner, submit: (job: Job) => void, leave: () => void) {
    this.#owner = owner;
    this.#submit = submit;
    this.#leave = leave;
  }

  async evaluate(input: string): Promise<unknown> {
    if (this.#isRetired) throw new PdpError('evaluator_closed', 'the policy was replaced');
    if (this.#owner.open.size >= MOST_OPEN) throw new PdpError('evaluator_overloaded', `${MOST_OPEN} decisions are waiting already`);
    try {
      return JSON.parse(await askedOf(this.#owner, input, this.#submit));
    } finally {
      this.#leaveIfDone();
    }
  }

  retire(): void {
    this.#isRetired = true;
    this.#leaveIfDone();
  }

  async close(): Promise<void> {
    this.#isRetired = true;
    for (const job of this.#owner.open) settle(job, { error: new PdpError('evaluator_closed', 'the policy was replaced') });
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#isRetired && this.#owner.open.size === 0) this.#leave();
  }
}
