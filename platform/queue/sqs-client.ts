import { SQSClient, SQSServiceException } from '@aws-sdk/client-sqs';
import { QueueError } from './errors.ts';

export interface SqsAddress {
  /** Of the queue, as `CreateQueue` gives it. */
  readonly queueUrl: string;
  /** For a server that is not Amazon's; null: the region's. */
  readonly endpoint: string | null;
  /** Null: as the SDK finds it (AWS_REGION, profile). */
  readonly region: string | null;
}

/** The longest that SQS lets a receive wait, and with it how long an answer may take. Source: ReceiveMessage, WaitTimeSeconds. */
export const LONGEST_POLL_S = 20;
const ANSWER_WITHIN_MS = (LONGEST_POLL_S + 10) * 1_000;
const CONNECT_WITHIN_MS = 3_000;

/** Credentials are found by the SDK's own chain (role of the machine, environment, profile). A stand-in on this machine needs none. */
export function openSqsClient({ endpoint, region }: Pick<SqsAddress, 'endpoint' | 'region'>): SQSClient {
  return new SQSClient({
    ...(endpoint === null ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
    ...(endpoint !== null && isOnThisMachine(endpoint) ? { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
    ...(region === null ? {} : { region }),
    // Who calls tries again by itself, later and for longer than the SDK would.
    maxAttempts: 2,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, requestTimeout: ANSWER_WITHIN_MS, throwOnRequestTimeout: true },
  });
}

/** Runs a command and tells apart what an operator has to tell apart. @throws QueueError */
export async function ofQueue<T>(what: string, queueUrl: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { name = '', message = '' } = cause as Error;
    if (/NonExistentQueue|QueueDoesNotExist/.test(name)) {
      throw new QueueError('queue_missing', `There is no queue ${queueUrl}. Create it, or set COUNTERSIGN_QUEUE_URL to one that is there.`, { cause });
    }
    if (cause instanceof SQSServiceException && cause.$fault === 'client') {
      throw new QueueError('queue_refused', `The queue ${queueUrl} refused to ${what}: ${name} ${message}. Look at the permissions of the worker's role.`, { cause });
    }
    throw new QueueError('queue_unreachable', `The queue ${queueUrl} did not ${what} (${name}). It is tried again.`, { cause });
  }
}

function isOnThisMachine(endpoint: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname);
}
