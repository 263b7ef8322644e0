import { parentPort } from 'node:worker_threads';
import { ClassifierError } from './errors.ts';
import type { LabelledTicket, TrainedModel } from './model.ts';
import { train } from './train.ts';
import type { FromTrainingWorker, ToTrainingWorker } from './train-in-worker.ts';

/** The thread behind train-in-worker.ts: gathers tickets, trains once, hands the model over. */
const tickets: LabelledTicket[] = [];

parentPort?.on('message', (message: ToTrainingWorker) => {
  if (message.kind === 'tickets') tickets.push(...message.tickets);
  else void answer(message.labels, message.seed);
});

async function answer(labels: readonly string[], seed: number): Promise<void> {
  try {
    const model = await train(tickets, { labels, seed, onProgress: (progress) => post({ kind: 'progress', progress }) });
    post({ kind: 'trained', model }, arraysOf(model));
  } catch (cause) {
    if (!(cause instanceof ClassifierError)) throw cause;
    post({ kind: 'failed', code: cause.code, message: cause.message, field: cause.field });
  }
}

function post(message: FromTrainingWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** Every buffer of the model, to be moved instead of copied. */
function arraysOf({ vocabulary, neighbours, labels }: TrainedModel): ArrayBuffer[] {
  return [
    vocabulary.buckets, vocabulary.idf, vocabulary.featureOf,
    neighbours.offsets, neighbours.tickets, neighbours.weights,
    ...labels.flatMap((label) => [
      label.ticketClasses, label.weights, label.scales, label.intercepts, label.nearestWeight, label.topCalibration,
    ]),
  ].map((array) => array.buffer as ArrayBuffer);
}
