import { getAsset } from 'node:sea';
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/** Stands for `platform/opa/pool/start-thread.ts`: the thread's program is within the binary. */
export function startThread(options: WorkerOptions): Worker {
  return new Worker(getAsset('policy-thread.cjs', 'utf8'), { ...options, eval: true });
}
