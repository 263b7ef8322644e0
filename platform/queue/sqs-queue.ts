import {
  ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand, GetQueueAttributesCommand, GetQueueUrlCommand, ReceiveMessageCommand, SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import type { BatchResultErrorEntry, SQSClient } from '@aws-sdk/client-sqs';
import { QueueError } from './errors.ts';
import { LONGEST_POLL_S, ofQueue, openSqsClient } from './sqs-client.ts';
import type { SqsAddress } from './sqs-client.ts';

/** A message as it was received. It may be garbage, forged, late, or here for the second time. */
export interface ReceivedMessage {
  readonly id: string;
  readonly body: string;
  /** Names this one receipt of it; a later receipt has another. */
  readonly receipt: string;
  /** How often it was received, this time included. */
  readonly receives: number;
}

export interface QueueDepth {
  readonly waiting: number;
  /** Received by somebody, and neither deleted nor visible again. */
  readonly in_flight: number;
  /** In the dead-letter queue; null where the queue has none. */
  readonly dead_letters: number | null;
}

/** What SQS takes in one call. */
export const BATCH = 10;

/**
 * One SQS queue, in calls of up to ten messages each: a call costs the same for ten as for one. Delivery is at least once and in any order,
 * so what a message says is a hint. All methods throw QueueError.
 */
export class SqsQueue {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(address: SqsAddress) {
    this.#client = openSqsClient(address);
    this.#url = address.queueUrl;
  }

  /** Gives the bodies that the queue refused singly, which are none unless it is ill. */
  async send(bodies: readonly string[]): Promise<string[]> {
    const refused: string[] = [];
    for (const batch of batchesOf(bodies)) {
      const entries = batch.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
      const { Failed } = await this.#call('take messages', () => this.#client.send(new SendMessageBatchCommand({ QueueUrl: this.#url, Entries: entries })));
      refused.push(...failedOf(batch, Failed));
    }
    return refused;
  }

  /**
   * Waits up to `waitMs` (at most 20 s) for the first message, and gives up to `most` (at most ten). An abort of `signal` gives none.
   * A message comes again after `visibilityMs` unless it is deleted or extended before.
   */
  async receive({ most, waitMs, visibilityMs, signal }: { most: number; waitMs: number; visibilityMs: number; signal?: AbortSignal }): Promise<ReceivedMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url, MaxNumberOfMessages: Math.min(Math.max(most, 1), BATCH), VisibilityTimeout: seconds(visibilityMs),
      WaitTimeSeconds: Math.min(seconds(waitMs), LONGEST_POLL_S), MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    try {
      const { Messages = [] } = await this.#call('give messages', () => this.#client.send(command, signal === undefined ? {} : { abortSignal: signal }));
      return Messages.map(({ MessageId = '', Body = '', ReceiptHandle = '', Attributes }) => ({ id: MessageId, body: Body, receipt: ReceiptHandle, receives: Number(Attributes?.ApproximateReceiveCount ?? 1) }));
    } catch (error) {
      if (signal?.aborted === true) return [];
      throw error;
    }
  }

  /** Takes messages off the queue for good, as far as SQS can: one may still come again. */
  async remove(messages: readonly ReceivedMessage[]): Promise<void> {
    for (const batch of batchesOf(messages)) {
      const entries = batch.map(({ receipt }, i) => ({ Id: String(i), ReceiptHandle: receipt }));
      const { Failed } = await this.#call('delete messages', () => this.#client.send(new DeleteMessageBatchCommand({ QueueUrl: this.#url, Entries: entries })));
      this.#refuse('delete', failedOf(batch, Failed).length);
    }
  }

  /** Keeps messages from others for `visibilityMs` from now; 0 gives them back at once. One whose receipt is too old is left as it is. */
  async extend(messages: readonly ReceivedMessage[], visibilityMs: number): Promise<void> {
    for (const batch of batchesOf(messages)) {
      const entries = batch.map(({ receipt }, i) => ({ Id: String(i), ReceiptHandle: receipt, VisibilityTimeout: seconds(visibilityMs) }));
      await this.#call('keep messages', () => this.#client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#url, Entries: entries })));
    }
  }

  /** How many messages there are, roughly: SQS counts them in the end. */
  async depth(): Promise<QueueDepth> {
    const { waiting, in_flight, redrive } = await this.#attributes(this.#url);
    if (redrive === null) return { waiting, in_flight, dead_letters: null };
    const deadLetterUrl = await this.#call('name its dead-letter queue', () => this.#client.send(new GetQueueUrlCommand({ QueueName: redrive.split(':').at(-1) })));
    return { waiting, in_flight, dead_letters: (await this.#attributes(deadLetterUrl.QueueUrl ?? '')).waiting };
  }

  /** @throws QueueError `queue_missing`, `queue_unreachable`; `queue_refused` when the queue has no redrive policy, so that bad messages would come for ever */
  async assertUsable(): Promise<void> {
    const { redrive } = await this.#attributes(this.#url);
    if (redrive === null) throw new QueueError('queue_refused', `The queue ${this.#url} has no redrive policy, so that messages that nobody can read would come for ever. Give it a dead-letter queue (RedrivePolicy, maxReceiveCount 5).`);
  }

  /** Ends what is under way. */
  close(): void {
    this.#client.destroy();
  }

  async #attributes(queueUrl: string): Promise<{ waiting: number; in_flight: number; redrive: string | null }> {
    const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'RedrivePolicy'] });
    const { Attributes: found = {} } = await this.#call('tell its depth', () => this.#client.send(command));
    return { waiting: Number(found.ApproximateNumberOfMessages ?? 0), in_flight: Number(found.ApproximateNumberOfMessagesNotVisible ?? 0), redrive: redriveTarget(found.RedrivePolicy) };
  }

  #call<T>(what: string, work: () => Promise<T>): Promise<T> {
    return ofQueue(what, this.#url, work);
  }

  #refuse(what: string, count: number): void {
    if (count > 0) throw new QueueError('queue_refused', `The queue ${this.#url} did not ${what} ${count} messages. They come again, which does no harm.`);
  }
}

function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let from = 0; from < items.length; from += BATCH) yield items.slice(from, from + BATCH);
}

function failedOf<T>(batch: readonly T[], failed: readonly BatchResultErrorEntry[] | undefined): T[] {
  return (failed ?? []).map(({ Id }) => batch[Number(Id)]).filter((item) => item !== undefined);
}

/** SQS counts in whole seconds; a part of one is rounded up, so that nothing is visible sooner than asked. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}

function redriveTarget(policy: string | undefined): string | null {
  if (policy === undefined || policy === '') return null;
  const { deadLetterTargetArn } = JSON.parse(policy) as { deadLetterTargetArn?: string };
  return deadLetterTargetArn ?? null;
}
