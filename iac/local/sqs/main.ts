import { createQueues } from '@countersign/platform/queue/create-queues.ts';
import { standInPort } from '../config.ts';
import { startFauxSqs } from './fauxqs.ts';

/** As in an account: after so many receipts a message is for operators. */
const QUEUE = { name: 'countersign-work', maxReceives: 5 };

/**
 * The SQS of a local cell: fauxqs, A STAND-IN FOR AMAZON SQS, with the queue of the cell. It keeps messages in memory, so that its end
 * loses them, which costs time and nothing else. Its log has every message that was sent. Tells its parent the URL of the queue when it listens.
 */
async function main(): Promise<void> {
  const server = await startFauxSqs(standInPort(), (body) => process.stdout.write(`${JSON.stringify({ message: body })}\n`));
  const queueUrl = await createQueues({ endpoint: server.endpoint, region: null }, QUEUE);
  const stop = (): void => void server.stop().finally(() => process.exit(0));
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  process.send?.({ listening: queueUrl });
}

await main();
