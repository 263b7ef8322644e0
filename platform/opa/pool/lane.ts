import { PdpError } from '../errors.ts';
import { FairQueue } from './fair-queue.ts';
import { noteCost, settle } from './job.ts';
import type { Job, Owner } from './job.ts';
import { PolicyThread } from './policy-thread.ts';
import type { ThreadEvents, ThreadLimits } from './policy-thread.ts';
import { ReadyClock } from './ready-clock.ts';
import type { Program } from './program.ts';

export interface LaneOptions {
  readonly threads: number;
  readonly limits: ThreadLimits;
  /** An evaluation that takes longer than this gives its place up: it goes on aside until its deadline, and a new thread takes the place. null: it keeps it. */
  readonly stall_ms: number | null;
  /** Threads end when nothing was asked for this long, and are started again by the next question. null: they stay. */
  readonly idle_ms: number | null;
  /** For those who have offended: one question at a time, and what waits for longer than its own deadline is denied. */
  readonly isStrict: boolean;
  /** The policy of this owner took long, did not end, or took its thread with it. */
  readonly onOffence: (owner: Owner, offence: Offence) => void;
}

export type Offence = 'stalled' | 'timed_out' | 'crashed';

/** Enough that a thread never idles between two batches, and little enough that nobody waits long behind what was sent. */
const MOST_PLANNED_MS = 2;
const MOST_SENT = 64;
/** Nobody waits longer than this for a thread while another has nothing to do. */
const LITTLE_PLANNED_MS = 0.5;
const WATCH_MS = 10;
const LOAD_DEADLINE_MS = 10_000;
/** Beyond these a thread that stalls keeps its place until the deadline. */
const MOST_ASIDE = 16;
/** A question that lost so many threads is not sent to another, whoever's fault it was. */
const MOST_SENDS = 3;

/**
 * A few threads that do the same work, and a queue before them. Questions are sent in batches; what a thread is at can be read while it is
 * busy, so that when one does not end that one is denied, and everything that was sent behind it goes to another thread.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #queue = new FairQueue();
  readonly #threads = new Set<PolicyThread>();
  /** Threads that finish one evaluation, or do not, and are then gone. Until then nothing else of its owner is begun. */
  readonly #aside = new Map<PolicyThread, Owner>();
  readonly #ready = new ReadyClock();
  #isDispatching = false;
  #watchdog: NodeJS.Timeout | null = null;
  #parking: NodeJS.Timeout | null = null;
  #isEnding = false;
  #isClosed = false;
  #failedStarts = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
    if (options.idle_ms === null) this.#startMissing();
  }

  get threads(): number {
    return this.#threads.size + this.#aside.size;
  }

  submit(job: Job): void {
    job.waits_since_ms = this.#ready.now_ms();
    this.#queue.push(job);
    this.#startMissing();
    this.#parkLater();
    this.#dispatchSoon();
  }

  /** Loads a program everywhere before it is asked anything. Rejects with words where it cannot be loaded. */
  async warmUp(program: Program): Promise<void> {
    this.#startMissing();
    this.#parkLater();
    await Promise.all([...this.#threads].map((thread) => thread.load(program)));
  }

  unload(program: Program): void {
    for (const thread of this.#threads) thread.unload(program);
  }

  /** What of the owner was not sent yet, for another lane. */
  takeWaiting(owner: Owner): Job[] {
    return this.#queue.takeAll(owner);
  }

  /** Finishes what it is at and what waits, and is then gone. */
  closeWhenIdle(): void {
    this.#isEnding = true;
    this.#endIfIdle();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    if (this.#parking !== null) clearTimeout(this.#parking);
    const threads = [...this.#threads, ...this.#aside.keys()];
    const lost = [...threads.flatMap((thread) => thread.takeJobs()), ...this.#queue.takeWhere(() => true)];
    for (const job of lost) settle(job, { error: new PdpError('evaluator_closed', 'the policy was replaced') });
    await Promise.all(threads.map((thread) => thread.stop()));
  }

  readonly #events: ThreadEvents = {
    ready: () => {
      this.#failedStarts = 0;
      this.#ready.run();
      this.#dispatchSoon();
    },
    answered: (thread, job, answer, took_ms) => {
      noteCost(job.owner, took_ms);
      settle(job, 'results' in answer ? answer : { error: new PdpError('evaluation_failed', answer.failed) });
      if (this.#aside.delete(thread)) void thread.stop();
      if (!this.#queue.isEmpty) this.#dispatchSoon();
      this.#endIfIdle();
    },
    died: (thread, why) => this.#lost(thread, why),
  };

  /** What is asked in one turn of the event loop is sent together. */
  #dispatchSoon(): void {
    if (this.#isDispatching || this.#isClosed) return;
    this.#isDispatching = true;
    queueMicrotask(() => {
      this.#isDispatching = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (let thread = this.#nextThread(); thread !== undefined; thread = this.#nextThread()) {
      const job = this.#queue.next((owner) => this.#isAside(owner));
      if (job === undefined) break;
      if (job.owner.open.has(job)) thread.add(job);
    }
    for (const thread of this.#threads) thread.send();
    this.#watch();
  }

  #isAside(owner: Owner): boolean {
    for (const held of this.#aside.values()) if (held === owner) return true;
    return false;
  }

  /** One that has little to do before one that has nothing: a message for many questions costs less than many that each wake a thread. */
  #nextThread(): PolicyThread | undefined {
    let least: PolicyThread | undefined;
    for (const thread of this.#threads) {
      if (!this.#hasRoom(thread)) continue;
      if (thread.planned_ms < LITTLE_PLANNED_MS) return thread;
      if (least === undefined || thread.planned_ms < least.planned_ms) least = thread;
    }
    return least;
  }

  #hasRoom({ isReady, jobs, planned_ms }: PolicyThread): boolean {
    if (!isReady || jobs.size === 0) return isReady;
    return !this.#options.isStrict && planned_ms < MOST_PLANNED_MS && jobs.size < MOST_SENT;
  }

  /** One timer for all threads, and none while nothing is asked. */
  #watch(): void {
    if (this.#watchdog !== null || this.#isClosed || this.#isIdle()) return;
    this.#watchdog = setTimeout(() => {
      // If it was this thread that was held up, answers are already here: let them be read before anyone is blamed.
      setImmediate(() => {
        this.#watchdog = null;
        this.#judge();
        this.#endIfIdle();
        this.#watch();
      });
    }, WATCH_MS);
  }

  #isIdle(): boolean {
    if (!this.#queue.isEmpty) return false;
    for (const thread of this.#threads) if (thread.jobs.size > 0) return false;
    return this.#aside.size === 0;
  }

  #parkLater(): void {
    const { idle_ms } = this.#options;
    if (idle_ms === null || this.#isClosed) return;
    this.#parking ??= setTimeout(() => this.#park(), idle_ms).unref();
    this.#parking.refresh();
  }

  /** What a thread had loaded is loaded again by the one that takes its place. */
  #park(): void {
    if (!this.#isIdle() || ![...this.#threads].every((thread) => thread.isIdle)) return this.#parkLater();
    for (const thread of this.#threads) void thread.stop();
    this.#threads.clear();
    this.#ready.pause();
  }

  #endIfIdle(): void {
    if (this.#isEnding && !this.#isClosed && this.#isIdle()) void this.close();
  }

  #judge(): void {
    for (const thread of [...this.#threads, ...this.#aside.keys()]) this.#judgeThread(thread);
    if (this.#options.isStrict) this.#denyLate();
  }

  #judgeThread(thread: PolicyThread): void {
    const { ticket, for_ms } = thread.at();
    const job = thread.jobs.get(ticket);
    const { stall_ms } = this.#options;
    if (job === undefined) {
      // It loads a policy, or is at something that nobody waits for any more.
      if (for_ms >= LOAD_DEADLINE_MS) this.#lost(thread, `the policy did not load within ${LOAD_DEADLINE_MS} ms`);
    } else if (for_ms >= job.owner.deadline_ms) {
      this.#denyAt(thread, job);
    } else if (stall_ms !== null && for_ms >= stall_ms && this.#threads.has(thread) && this.#aside.size < MOST_ASIDE) {
      this.#setAside(thread, job);
    }
  }

  #denyAt(thread: PolicyThread, job: Job): void {
    settle(job, { error: new PdpError('evaluation_timeout', `policy gave no answer within ${job.owner.deadline_ms} ms`) });
    thread.jobs.delete(job.ticket);
    this.#replace(thread);
    this.#options.onOffence(job.owner, 'timed_out');
  }

  /** It may finish what it is at; everything behind that goes elsewhere now. */
  #setAside(thread: PolicyThread, at: Job): void {
    const behind = thread.takeJobs().filter((job) => job !== at);
    thread.jobs.set(at.ticket, at);
    this.#threads.delete(thread);
    this.#aside.set(thread, at.owner);
    this.#queue.pushBack(behind);
    this.#startMissing();
    this.#options.onOffence(at.owner, 'stalled');
    this.#dispatchSoon();
  }

  /** A thread that is gone takes with it what it was at, and nothing else. */
  #lost(thread: PolicyThread, why: string): void {
    const { ticket } = thread.at();
    const loaded = thread.loadOf(ticket);
    const culprits = [...thread.jobs.values()].filter((job) => job.ticket === ticket || job.owner.program.id === loaded);
    for (const job of culprits) {
      thread.jobs.delete(job.ticket);
      settle(job, { error: new PdpError('evaluation_failed', why) });
    }
    this.#failedStarts += thread.isReady ? 0 : 1;
    this.#replace(thread);
    for (const owner of new Set(culprits.map((job) => job.owner))) this.#options.onOffence(owner, 'crashed');
  }

  #replace(thread: PolicyThread): void {
    this.#threads.delete(thread);
    this.#aside.delete(thread);
    if (![...this.#threads].some(({ isReady }) => isReady)) this.#ready.pause();
    void thread.stop();
    const jobs = thread.takeJobs();
    for (const job of jobs.filter(({ sent }) => sent >= MOST_SENDS)) {
      settle(job, { error: new PdpError('evaluation_failed', `${MOST_SENDS} policy threads ended while this waited`) });
    }
    this.#queue.pushBack(jobs.filter(({ sent }) => sent < MOST_SENDS));
    this.#startMissing();
    this.#dispatchSoon();
  }

  /** Where threads die before they are ready there is no use in starting more: what waits is denied, and the next question tries again. */
  #startMissing(): void {
    if (this.#isClosed) return;
    if (this.#failedStarts < MOST_SENDS) {
      while (this.#threads.size < this.#options.threads) this.#threads.add(new PolicyThread(this.#options.limits, this.#events));
    } else if (this.#threads.size === 0) {
      this.#failedStarts = 0;
      for (const job of this.#queue.takeWhere(() => true)) settle(job, { error: new PdpError('evaluation_failed', 'the policy thread could not be started') });
    }
  }

  #denyLate(): void {
    const now_ms = this.#ready.now_ms();
    for (const job of this.#queue.takeWhere((waiting) => now_ms - waiting.waits_since_ms >= waiting.owner.deadline_ms)) {
      settle(job, { error: new PdpError('evaluation_timeout', `policy gave no answer within ${job.owner.deadline_ms} ms: others of its questions did not end`) });
    }
  }
}
