import { Worker } from 'node:worker_threads';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { ReplayThreadData, ToReplayThread } from './thread/protocol.ts';

/** Twice a page of decisions with their inputs, the policy's own thread aside. */
const MAX_THREAD_HEAP_MB = 512;
const RESTART_MS = 2_000;
/** What a page takes at most before the thread looks whether it is to stop. */
const STOP_MS = 5_000;

/** Keeps the thread of the replays. If it dies it is begun again, and goes on where the database says that it was. */
export class ReplayRunner {
  readonly #data: ReplayThreadData;
  readonly #log: Logger;
  #worker: Worker | null = null;
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(data: ReplayThreadData, log: Logger) {
    this.#data = data;
    this.#log = log;
  }

  start(): void {
    const worker = new Worker(new URL('./thread/replay-thread.ts', import.meta.url), { workerData: this.#data, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MAX_THREAD_HEAP_MB } });
    worker.on('error', (error) => this.#log.error({ err: error }, 'the thread of the policy replays failed'));
    this.#exited = new Promise((resolve) => worker.once('exit', () => {
      this.#worker = null;
      if (!this.#stopped) this.#restart = setTimeout(() => this.start(), RESTART_MS);
      resolve();
    }));
    this.#worker = worker;
  }

  /** There may be something to do. Without it the thread looks every two seconds. */
  wake(): void {
    this.#tell('wake');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    this.#tell('stop');
    const worker = this.#worker;
    const timer = setTimeout(() => void worker?.terminate(), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #tell(message: ToReplayThread): void {
    this.#worker?.postMessage(message, []);
  }
}
