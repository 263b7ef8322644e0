import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ofQueue, openSqsClient } from './sqs-client.ts';
import type { SqsAddress } from './sqs-client.ts';

export interface QueueNames {
  readonly name: string;
  /** After so many receipts without a deletion a message goes to the dead-letter queue. */
  readonly maxReceives: number;
}

/**
 * Creates a queue and its dead-letter queue `<name>-dead-letters` where they are not there yet, and gives the queue's URL. For local cells and
 * tests; in an account they belong to its infrastructure as code, and the worker's role may not create queues.
 */
export async function createQueues(server: Pick<SqsAddress, 'endpoint' | 'region'>, { name, maxReceives }: QueueNames): Promise<string> {
  const client = openSqsClient(server);
  const create = (queueName: string, attributes: Record<string, string>): Promise<string> => ofQueue('be created', queueName, async () =>
    (await client.send(new CreateQueueCommand({ QueueName: queueName, Attributes: attributes }))).QueueUrl ?? '');
  try {
    const deadLetters = await create(`${name}-dead-letters`, { MessageRetentionPeriod: String(14 * 86_400) });
    const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl: deadLetters, AttributeNames: ['QueueArn'] }));
    return await create(name, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: maxReceives }) });
  } finally {
    client.destroy();
  }
}
