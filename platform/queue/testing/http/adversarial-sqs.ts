import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AdversarialMessages, GOOD_BEHAVIOUR } from '../adversarial-messages.ts';
import type { Misbehaviour } from '../adversarial-messages.ts';

export interface AdversarialSqsOptions {
  readonly behaviour?: Misbehaviour;
  readonly seed?: number;
  /** Milliseconds; tests move it. */
  readonly now?: () => number;
}

type Body = Record<string, unknown>;
type Entry = { readonly Id: string } & Body;

/**
 * A STAND-IN of ours for Amazon SQS, for tests: it speaks the JSON protocol of SQS (the AWS JSON 1.0 protocol, `X-Amz-Target: AmazonSQS.<action>`)
 * on a real socket, does on purpose and often what SQS may do now and then, and counts the calls that it gets.
 */
export class AdversarialSqs {
  readonly queues = new Map<string, AdversarialMessages>();
  /** Calls by action, as a bill would show them. */
  readonly calls = new Map<string, number>();
  readonly #options: Required<AdversarialSqsOptions>;
  readonly #server: Server;
  #stopping = false;

  private constructor(options: AdversarialSqsOptions) {
    this.#options = { behaviour: GOOD_BEHAVIOUR, seed: 1, now: () => performance.now(), ...options };
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: AdversarialSqsOptions = {}): Promise<AdversarialSqs> {
    const sqs = new AdversarialSqs(options);
    await new Promise<void>((resolve) => { sqs.#server.listen(0, '127.0.0.1', resolve); });
    return sqs;
  }

  /** Ends, forgets every queue, and is there again on the same port. */
  async restart(): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    await this.stop();
    this.queues.clear();
    this.#stopping = false;
    await new Promise<void>((resolve) => { this.#server.listen(port, '127.0.0.1', resolve); });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Of all actions together. */
  get callCount(): number {
    return [...this.calls.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Once is enough; a second time does nothing. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const queue of this.queues.values()) queue.showAll();
    this.#server.closeAllConnections();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const action = String(request.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
    this.calls.set(action, (this.calls.get(action) ?? 0) + 1);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Body;
    const { status, answer } = await this.#answer(action, body, response);
    if (response.destroyed) return;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
  }

  async #answer(action: string, body: Body, response: ServerResponse): Promise<{ status: number; answer: Body }> {
    if (action === 'CreateQueue') return ok(this.#create(body));
    const name = String(body['QueueUrl'] ?? body['QueueName'] ?? '').split('/').at(-1) ?? '';
    const queue = this.queues.get(name);
    if (queue === undefined) return { status: 400, answer: { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'The specified queue does not exist.' } };
    const entries = (body['Entries'] ?? []) as Entry[];
    switch (action) {
      case 'GetQueueUrl': return ok({ QueueUrl: this.#urlOf(name) });
      case 'GetQueueAttributes': return ok({ Attributes: this.#attributes(name, queue) });
      case 'SendMessageBatch': return ok(sent(entries, queue));
      case 'DeleteMessageBatch': return ok(done(entries, (entry) => queue.remove(String(entry['ReceiptHandle']))));
      case 'ChangeMessageVisibilityBatch': return ok(done(entries, (entry) => queue.hide(String(entry['ReceiptHandle']), Number(entry['VisibilityTimeout']) * 1_000)));
      case 'ReceiveMessage': return ok({ Messages: await this.#receive(queue, body, response) });
      default: return { status: 400, answer: { __type: 'com.amazon.coral.service#UnknownOperationException', message: `The stand-in does not know ${action}.` } };
    }
  }

  #create(body: Body): Body {
    const name = String(body['QueueName']);
    const queue = this.queues.get(name) ?? new AdversarialMessages(this.#options.behaviour, this.#options.seed + this.queues.size, this.#options.now);
    this.queues.set(name, queue);
    const policy = (body['Attributes'] as Record<string, string> | undefined)?.['RedrivePolicy'];
    if (policy !== undefined) {
      const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(policy) as { deadLetterTargetArn: string; maxReceiveCount: number };
      const target = this.queues.get(deadLetterTargetArn.split(':').at(-1) ?? '');
      if (target !== undefined) queue.redrive = { target, maxReceives: Number(maxReceiveCount) };
    }
    return { QueueUrl: this.#urlOf(name) };
  }

  #attributes(name: string, queue: AdversarialMessages): Record<string, string> {
    const { visible, hidden } = queue.count();
    const target = [...this.queues].find(([, candidate]) => candidate === queue.redrive?.target)?.[0];
    return {
      QueueArn: arnOf(name), ApproximateNumberOfMessages: String(visible), ApproximateNumberOfMessagesNotVisible: String(hidden),
      ...(target === undefined ? {} : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(target), maxReceiveCount: queue.redrive?.maxReceives }) }),
    };
  }

  async #receive(queue: AdversarialMessages, body: Body, response: ServerResponse): Promise<Body[]> {
    const visibilityMs = Number(body['VisibilityTimeout'] ?? 30) * 1_000;
    const until = performance.now() + Number(body['WaitTimeSeconds'] ?? 0) * 1_000;
    for (;;) {
      // Who has hung up gets nothing, or its messages would be hidden for nobody.
      if (response.destroyed || this.#stopping) return [];
      const { messages, late } = queue.take(Number(body['MaxNumberOfMessages'] ?? 1), visibilityMs);
      const leftMs = until - performance.now();
      if (messages.length > 0 || leftMs <= 0) {
        // The others see them meanwhile: their visibility was over before the answer is out.
        if (late) await queue.arrival(LATE_MS);
        return messages.map(({ id, body: text, receipt, receives, md5 }) => ({ MessageId: id, Body: text, ReceiptHandle: receipt, MD5OfBody: md5, Attributes: { ApproximateReceiveCount: String(receives) } }));
      }
      await queue.arrival(leftMs);
    }
  }

  #urlOf(name: string): string {
    return `${this.endpoint}/000000000000/${name}`;
  }
}

const LATE_MS = 50;

function arnOf(name: string): string {
  return `arn:aws:sqs:us-east-1:000000000000:${name}`;
}

function ok(answer: Body): { status: number; answer: Body } {
  return { status: 200, answer };
}

function sent(entries: readonly Entry[], queue: AdversarialMessages): Body {
  const accepted = entries.filter((entry) => Buffer.byteLength(String(entry['MessageBody'])) <= LARGEST_BYTES);
  return {
    Successful: accepted.map((entry) => {
      const { id, md5 } = queue.put(String(entry['MessageBody']));
      return { Id: entry.Id, MessageId: id, MD5OfMessageBody: md5 };
    }),
    Failed: entries.filter((entry) => !accepted.includes(entry)).map(({ Id }) => ({ Id, SenderFault: true, Code: 'InvalidParameterValue', Message: 'One or more parameters are invalid.' })),
  };
}

const LARGEST_BYTES = 262_144;

function done(entries: readonly Entry[], work: (entry: Entry) => boolean): Body {
  const results = entries.map((entry) => ({ Id: entry.Id, found: work(entry) }));
  // SQS takes the deletion of what is gone for done; so do we, and hiding it, too, which SQS refuses message by message.
  return { Successful: results.map(({ Id }) => ({ Id })), Failed: [] };
}
