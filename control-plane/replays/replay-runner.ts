import { Worker } from 'node:worker_threads';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { hasOpenReplay } from './repository-replays.ts';
import type { ReplayThreadData, ToReplayThread } from './thread/protocol.ts';

export interface ReplayRunnerParts {
  readonly database: Database;
  readonly log: Logger;
  readonly thread: ReplayThreadData;
}

/** Twice a page of decisions with their inputs, the policy's own thread aside. */
const MAX_THREAD_HEAP_MB = 512;
/** What a control plane left behind that has died is found by looking. */
const IDLE_MS = 5_000;
/** What a page takes at most before the thread looks whether it is to stop. */
const STOP_MS = 5_000;

/**
 * Keeps the thread of the replays: begun when there is the first to carry out, and again if it dies. It goes on where the database says that
 * it was, and looks for further ones by itself.
 */
export class ReplayRunner {
  readonly #parts: ReplayRunnerParts;
  readonly #loop: Loop;
  #worker: Worker | null = null;
  #exited: Promise<void> = Promise.resolve();

  constructor(parts: ReplayRunnerParts) {
    this.#parts = parts;
    this.#loop = new Loop({ name: 'policy replays to begin', idle_ms: IDLE_MS, busy_ms: IDLE_MS, log: parts.log }, () => this.#turn());
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be something to do. */
  wake(): void {
    this.#loop.wake();
    this.#tell('wake');
  }

  /** Resolves when the thread has ended; what it was at is given back for whoever looks next. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#tell('stop');
    const worker = this.#worker;
    const timer = setTimeout(() => void worker?.terminate(), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  async #turn(): Promise<boolean> {
    const { database, log } = this.#parts;
    if (this.#worker !== null) return false;
    const isOpen = await forEveryTenant(database, log, async (tenantId) => (await database.forTenant(tenantId, (tx) => tx.one<{ is_open: boolean }>(hasOpenReplay, [tenantId]))).is_open);
    if (isOpen) this.#begin();
    return isOpen;
  }

  #begin(): void {
    const worker = new Worker(new URL('./thread/replay-thread.ts', import.meta.url), { workerData: this.#parts.thread, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MAX_THREAD_HEAP_MB } });
    worker.on('error', (error) => this.#parts.log.error({ err: error }, 'the thread of the policy replays failed'));
    this.#exited = new Promise((resolve) => worker.once('exit', () => {
      this.#worker = null;
      resolve();
    }));
    this.#worker = worker;
  }

  #tell(message: ToReplayThread): void {
    this.#worker?.postMessage(message, []);
  }
}
