import { systemClock } from '@countersign/platform/clock/clock.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { createQueues } from '@countersign/platform/queue/create-queues.ts';
import { Tenants } from '../../loops/tenants.ts';
import type { WakesUnderTest } from '../conformance.ts';
import { SqsWake } from '../sqs-wake.ts';

/** A server of SQS that can be stopped and started again on the same port. */
export interface RestartableSqs {
  readonly endpoint: string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const MAX_RECEIVES = 5;
let made = 0;

/** The SQS side of the port against one server, with a queue of its own. */
export async function sqsWakes(server: RestartableSqs, log: Logger = createLogger('test', 'silent')): Promise<WakesUnderTest & { readonly queueUrl: string }> {
  const at = { endpoint: server.endpoint, region: null };
  const queue = { name: `work-${process.pid}-${made += 1}`, maxReceives: MAX_RECEIVES };
  const queueUrl = await createQueues(at, queue);
  return {
    queueUrl,
    open: (database) => new SqsWake({ database, tenants: new Tenants(database), clock: systemClock, log, address: { ...at, queueUrl }, leaseMs: 2_000, pollMs: null }),
    async interrupt() {
      await server.restart();
      await createQueues(at, queue);
    },
    stop: () => server.stop(),
  };
}
