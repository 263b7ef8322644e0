import type { Worker } from 'node:worker_threads';
import { ANSWERED, BatchWriter, readBatch } from './batch.ts';
import { nextTicket } from './job.ts';
import type { Job } from './job.ts';
import { Progress, progressMemory } from './progress.ts';
import type { At } from './progress.ts';
import type { Program } from './program.ts';
import type { FromThread, ThreadData, ToThread } from './protocol.ts';
import { startThread } from './start-thread.ts';

export interface ThreadLimits {
  /** Of each policy's memory; pages of 64 KiB. */
  readonly memory_pages: number;
  /** Of the thread's own heap. */
  readonly heap_mb: number;
  /** Policies that a thread holds; the one used longest ago makes room. */
  readonly warm: number;
}

/** What a thread tells its lane. */
export interface ThreadEvents {
  ready(thread: PolicyThread): void;
  answered(thread: PolicyThread, job: Job, answer: { readonly results: string } | { readonly failed: string }, took_ms: number): void;
  /** It is gone without having been stopped. */
  died(thread: PolicyThread, why: string): void;
}

const QUESTIONS_BYTES = 16 * 1024;

/** One thread and what was sent to it. */
export class PolicyThread {
  readonly #worker: Worker;
  readonly #progress: Progress;
  readonly #limits: ThreadLimits;
  readonly #questions = new BatchWriter(QUESTIONS_BYTES);
  /** Programs that it was told to load, the one used last at the end, with the ticket of the load. */
  readonly #warm = new Map<number, number>();
  readonly #loading = new Map<number, PromiseWithResolvers<void>>();
  /** Sent and not answered, by ticket. */
  readonly jobs = new Map<number, Job>();
  isReady = false;
  /** What its jobs will take by estimate. */
  planned_ms = 0;

  constructor(limits: ThreadLimits, events: ThreadEvents) {
    const progress = progressMemory();
    const threadData: ThreadData = { progress, max_memory_pages: limits.memory_pages };
    this.#limits = limits;
    this.#progress = new Progress(progress);
    this.#worker = startThread({
      workerData: threadData,
      // None of the parent's flags and nothing of its environment: policy needs neither.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: limits.heap_mb },
    });
    this.#worker.on('message', (message: FromThread) => this.#received(message, events));
    this.#worker.on('error', (cause: Error) => this.#died(events, `the policy exhausted its memory, or could not be run: ${cause.message}`));
    this.#worker.on('exit', () => this.#died(events, 'the policy thread ended'));
    // A thread at rest does not keep its process alive.
    this.#worker.unref();
  }

  /** Rejects with words where the program cannot be loaded. */
  load(program: Program): Promise<void> {
    this.#warmUp(program);
    return this.#loading.get(program.id)?.promise ?? Promise.resolve();
  }

  unload(program: Program): void {
    if (this.#warm.delete(program.id)) this.#post({ kind: 'unload', program: program.id });
  }

  /** Adds to what `send` sends. */
  add(job: Job): void {
    this.#warmUp(job.owner.program);
    job.sent += 1;
    this.jobs.set(job.ticket, job);
    this.planned_ms += job.owner.cost_ms;
    this.#questions.addText([job.ticket, job.owner.program.id, 0], job.input);
  }

  send(): void {
    if (this.#questions.isEmpty) return;
    const batch = this.#questions.take();
    this.#post({ kind: 'evaluate', batch }, [batch]);
  }

  /** Nobody waits for it, neither for an answer nor for a policy to be loaded. */
  get isIdle(): boolean {
    return this.jobs.size === 0 && this.#loading.size === 0;
  }

  at(): At {
    return this.#progress.read();
  }

  /** The program that it is loading, if `ticket` is of that. */
  loadOf(ticket: number): number | undefined {
    return [...this.#warm].find(([, load]) => load === ticket)?.[0];
  }

  /** Takes back what was sent and is not answered. */
  takeJobs(): Job[] {
    const jobs = [...this.jobs.values()];
    this.jobs.clear();
    this.planned_ms = 0;
    return jobs;
  }

  /** At once, whatever it is at. */
  async stop(): Promise<void> {
    this.#worker.removeAllListeners();
    this.#worker.on('error', () => {});
    for (const loading of this.#loading.values()) loading.reject(new TypeError('the thread was stopped'));
    await this.#worker.terminate();
  }

  #warmUp(program: Program): void {
    const ticket = this.#warm.get(program.id) ?? nextTicket();
    const isWarm = this.#warm.delete(program.id);
    this.#warm.set(program.id, ticket);
    if (isWarm) return;
    const [oldest] = this.#warm.keys();
    if (this.#warm.size > this.#limits.warm && oldest !== undefined) {
      this.#warm.delete(oldest);
      this.#post({ kind: 'unload', program: oldest });
    }
    const loading = Promise.withResolvers<void>();
    // Most loads are waited for by nobody: who asks hears of it from the answer.
    loading.promise.catch(() => {});
    this.#loading.set(program.id, loading);
    const { id, module, data, entrypoint, known } = program;
    this.#post({ kind: 'load', ticket, program: id, module, data, entrypoint, known });
  }

  #received(message: FromThread, events: ThreadEvents): void {
    if (message.kind === 'answers') {
      this.#answered(message.batch, events);
    } else if (message.kind === 'loaded') {
      const loading = this.#loading.get(message.program);
      this.#loading.delete(message.program);
      if (message.problem === null) loading?.resolve();
      else loading?.reject(new TypeError(message.problem));
    } else {
      this.isReady = true;
      events.ready(this);
    }
  }

  #answered(batch: ArrayBuffer, events: ThreadEvents): void {
    for (const { numbers: [ticket, status, took_us], text } of readBatch(batch)) {
      const job = this.jobs.get(ticket);
      if (job === undefined) continue;
      this.jobs.delete(ticket);
      this.planned_ms = this.jobs.size === 0 ? 0 : Math.max(0, this.planned_ms - job.owner.cost_ms);
      const words = text.toString('utf8');
      events.answered(this, job, status === ANSWERED ? { results: words } : { failed: words }, took_us / 1_000);
    }
  }

  #died(events: ThreadEvents, why: string): void {
    for (const loading of this.#loading.values()) loading.reject(new TypeError(why));
    void this.stop();
    events.died(this, why);
  }

  #post(message: ToThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}
