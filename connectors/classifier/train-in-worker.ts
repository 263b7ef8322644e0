import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ClassifierError } from './errors.ts';
import type { ClassifierErrorCode } from './errors.ts';
import type { LabelledTicket, TrainedModel, TrainingOptions, TrainingProgress } from './model.ts';

/** Copying this many tickets to the worker takes a few milliseconds, even long ones. */
const TICKETS_PER_MESSAGE = 100;

/** What the worker of training-worker.ts is told. */
export type ToTrainingWorker =
  | { readonly kind: 'tickets'; readonly tickets: readonly LabelledTicket[] }
  | { readonly kind: 'train'; readonly labels: readonly string[]; readonly seed: number };

/** What it answers. */
export type FromTrainingWorker =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'trained'; readonly model: TrainedModel }
  | { readonly kind: 'failed'; readonly code: ClassifierErrorCode | undefined; readonly message: string; readonly field: string | undefined };

export interface WorkerTrainingOptions extends TrainingOptions {
  /** Ends the worker and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * As `train`, in a thread of its own: tickets go over in small messages and the model's arrays come back by
 * transfer, so that the caller's event loop is never held for long.
 * @throws ClassifierError as `train`, or classifier_worker_failed when the thread dies
 */
export async function trainInWorker(tickets: readonly LabelledTicket[], options: WorkerTrainingOptions): Promise<TrainedModel> {
  options.signal?.throwIfAborted();
  const worker = new Worker(new URL('./training-worker.ts', import.meta.url));
  const outcome = awaitModel(worker, options);
  // The outcome may reject while tickets are still being sent; it is awaited below.
  outcome.catch(() => {});
  try {
    for (let from = 0; from < tickets.length && !options.signal?.aborted; from += TICKETS_PER_MESSAGE) {
      send(worker, { kind: 'tickets', tickets: tickets.slice(from, from + TICKETS_PER_MESSAGE) });
      await nextTurn();
    }
    send(worker, { kind: 'train', labels: options.labels, seed: options.seed });
    return await outcome;
  } finally {
    await worker.terminate();
  }
}

function send(worker: Worker, message: ToTrainingWorker): void {
  worker.postMessage(message, []);
}

function awaitModel(worker: Worker, { onProgress, signal }: WorkerTrainingOptions): Promise<TrainedModel> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromTrainingWorker) => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else if (message.kind === 'trained') resolve(message.model);
      else {
        reject(new ClassifierError(message.code ?? 'classifier_worker_failed', message.message, message.field === undefined ? {} : { field: message.field }));
      }
    });
    worker.on('error', (cause) => reject(new ClassifierError('classifier_worker_failed', `The training thread failed: ${cause}. Train again; if it repeats, train on fewer tickets.`, { cause })));
    worker.on('exit', (code) => reject(new ClassifierError('classifier_worker_failed', `The training thread ended with code ${code} before it had a model. Train again.`)));
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
