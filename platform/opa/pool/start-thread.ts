import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/** Starts a thread that runs policy. In a file of its own, because the agent's binary has the thread's program within itself. */
export function startThread(options: WorkerOptions): Worker {
  return new Worker(new URL('./thread-main.ts', import.meta.url), options);
}
