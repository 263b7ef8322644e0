import { createQueues } from '@countersign/platform/queue/create-queues.ts';
import { ADVERSARIAL } from '@countersign/platform/queue/testing/adversarial-messages.ts';
import { AdversarialSqs } from '@countersign/platform/queue/testing/http/adversarial-sqs.ts';

const NAME = 'chaos';
/** It redelivers on purpose; what a worker can read is never moved aside for that. */
const MAX_RECEIVES = 100;

export interface ChaosQueue {
  /** What workers are told of it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The queue of a chaos run: none, where PostgreSQL tells workers of work, or one that misbehaves as SQS may, only far more often. */
export async function openQueue(kind: 'postgres' | 'sqs', seed: number): Promise<ChaosQueue> {
  if (kind === 'postgres') return { environment: {}, stop: () => Promise.resolve() };
  const sqs = await AdversarialSqs.start({ behaviour: ADVERSARIAL, seed });
  const queueUrl = await createQueues({ endpoint: sqs.endpoint, region: null }, { name: NAME, maxReceives: MAX_RECEIVES });
  return { environment: { COUNTERSIGN_QUEUE_URL: queueUrl, COUNTERSIGN_QUEUE_ENDPOINT: sqs.endpoint }, stop: () => sqs.stop() };
}
