import { Worker } from 'node:worker_threads';
import { PdpError } from './errors.ts';
import type { EvaluationRequest, EvaluatorThreadData, ThreadMessage } from './evaluator-protocol.ts';

/** One compiled policy with its data, warm. */
export interface Evaluator {
  /**
   * Evaluates the entrypoint on `input` (JSON text). Gives OPA's result set, `[{ result }]`, or `[]` where the rule is undefined.
   * Throws PdpError.
   */
  evaluate(input: string): Promise<unknown>;
  /** Takes no more questions, answers those it has, and then stops the thread. */
  retire(): void;
  /** Stops the thread; what still waits fails with `evaluator_closed`. */
  close(): Promise<void>;
}

export interface EvaluatorOptions {
  readonly wasm: Uint8Array;
  readonly data: string;
  readonly entrypoint: string;
  /** For one evaluation, from when the thread turns to it. */
  readonly deadline_ms: number;
}

const MAX_WAITING = 10_000;
const START_TIMEOUT_MS = 10_000;
/** 64 MiB: pages of 64 KiB. */
const MAX_MEMORY_PAGES = 1_024;
const MAX_THREAD_HEAP_MB = 128;

interface Waiting {
  readonly request: EvaluationRequest;
  readonly resolve: (results: unknown) => void;
  readonly reject: (error: PdpError) => void;
}

/** Starts a thread for one policy. Throws PdpError where the policy cannot be loaded at all. */
export async function startEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const evaluator = new ThreadEvaluator(options);
  await evaluator.start();
  return evaluator;
}

/**
 * One thread that answers in order, so the first of those waiting is the one it is at. If that one exceeds the deadline, the
 * thread is replaced, that one fails, and the others are sent again: a policy that loops on one input costs nobody else a decision.
 */
class ThreadEvaluator implements Evaluator {
  readonly #options: EvaluatorOptions;
  #waiting: Waiting[] = [];
  #worker: Worker | null = null;
  #replacing = false;
  #retired = false;
  #closed = false;
  #nextId = 1;
  /** When the thread turned to the first of those waiting, in ms of the monotonic clock. */
  #turnedToFirst = 0;
  #watchdog: NodeJS.Timeout | null = null;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#worker = await this.#startThread();
  }

  evaluate(input: string): Promise<unknown> {
    if (this.#closed || this.#retired) return Promise.reject(new PdpError('evaluator_closed', 'the policy was replaced'));
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new PdpError('evaluator_overloaded', `${MAX_WAITING} decisions are waiting already`));
    return new Promise((resolve, reject) => {
      const request = { id: this.#nextId, input };
      this.#nextId += 1;
      this.#waiting.push({ request, resolve, reject });
      if (this.#worker !== null) this.#worker.postMessage(request, []);
      else if (!this.#replacing) void this.#startAgain();
      if (this.#waiting.length === 1) this.#watchFirst();
    });
  }

  retire(): void {
    this.#retired = true;
    this.#closeIfDone();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll(new PdpError('evaluator_closed', 'the policy was replaced'));
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  async #startThread(): Promise<Worker> {
    const { wasm, data, entrypoint } = this.#options;
    const threadData: EvaluatorThreadData = { wasm, data, entrypoint, max_memory_pages: MAX_MEMORY_PAGES };
    const worker = new Worker(new URL('./evaluator-thread.ts', import.meta.url), {
      workerData: threadData,
      // None of the parent's flags and nothing of its environment: policy needs neither.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MAX_THREAD_HEAP_MB },
    });
    // Listeners stay for the thread's life and ask whether it is still the one in use. (Taking the only message listener away
    // and adding another later leaves Node 24 delivering nothing.)
    const ready = Promise.withResolvers<void>();
    const failed = (message: string, cause?: unknown) => {
      ready.reject(new PdpError('evaluation_failed', message, { cause }));
      void this.#replaceThread(worker, message);
    };
    worker.on('message', (message: ThreadMessage) => ('ready' in message ? ready.resolve() : this.#received(worker, message)));
    worker.on('error', (cause) => failed('the policy cannot be loaded, or exhausted its memory', cause));
    worker.on('exit', () => failed('the policy thread ended'));
    const timer = setTimeout(() => failed(`the policy did not load within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    try {
      await ready.promise;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    // A decision point at rest does not keep its process alive.
    worker.unref();
    return worker;
  }

  #received(worker: Worker, message: Exclude<ThreadMessage, { ready: true }>): void {
    if (worker !== this.#worker || this.#waiting[0]?.request.id !== message.id) return;
    const answered = this.#waiting.shift();
    if (this.#waiting.length > 0) this.#watchFirst();
    if ('failed' in message) answered?.reject(new PdpError('evaluation_failed', message.failed));
    else answered?.resolve(message.results);
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#retired && this.#waiting.length === 0) void this.close();
  }

  /** One timer for many evaluations: it looks at when the present first one began, and sets itself again. */
  #watchFirst(): void {
    this.#turnedToFirst = performance.now();
    if (this.#watchdog === null) this.#setWatchdog(this.#options.deadline_ms);
  }

  #setWatchdog(delay_ms: number): void {
    this.#watchdog = setTimeout(() => {
      const seen = this.#waiting[0]?.request.id;
      // If it was this thread that was held up, the answer is already here: let it be read before anyone is blamed.
      setImmediate(() => this.#checkFirst(seen));
    }, delay_ms);
  }

  #checkFirst(seen: number | undefined): void {
    this.#watchdog = null;
    const first = this.#waiting[0];
    if (first === undefined || this.#replacing || this.#closed) return;
    const left_ms = this.#options.deadline_ms - (performance.now() - this.#turnedToFirst);
    if (left_ms > 0 || first.request.id !== seen) return this.#setWatchdog(Math.max(1, left_ms));
    this.#waiting.shift();
    first.reject(new PdpError('evaluation_timeout', `policy gave no answer within ${this.#options.deadline_ms} ms`));
    void this.#replaceThread(this.#worker, null);
  }

  /** `why` fails the one that the thread was at; null where that one was failed already. */
  async #replaceThread(worker: Worker | null, why: string | null): Promise<void> {
    if (worker === null || worker !== this.#worker || this.#replacing || this.#closed) return;
    this.#worker = null;
    if (why !== null) this.#waiting.shift()?.reject(new PdpError('evaluation_failed', why));
    void worker.terminate();
    await this.#startAgain();
  }

  /** What waits meanwhile is sent to the new thread; if none can be had it fails, and the next question tries once more. */
  async #startAgain(): Promise<void> {
    this.#replacing = true;
    try {
      const fresh = await this.#startThread();
      if (this.#closed) return void (await fresh.terminate());
      this.#worker = fresh;
      for (const { request } of this.#waiting) fresh.postMessage(request, []);
    } catch {
      this.#failAll(new PdpError('evaluation_failed', 'the policy thread could not be started again'));
    } finally {
      this.#replacing = false;
    }
    if (this.#waiting.length > 0) this.#watchFirst();
    this.#closeIfDone();
  }

  #failAll(error: PdpError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}
