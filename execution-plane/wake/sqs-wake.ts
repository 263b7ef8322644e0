import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { SqsQueue } from '@countersign/platform/queue/sqs-queue.ts';
import type { SqsAddress } from '@countersign/platform/queue/sqs-client.ts';
import type { Tenants } from '../loops/tenants.ts';
import { MessageConsumer } from './message-consumer.ts';
import { OutboxRelay } from './outbox-relay.ts';
import type { Wake, WakeState } from './wake.ts';

export interface SqsWakeOptions {
  /** Whose connections have `app.outbox` on: see `NOTES_WORK` of the outbox. */
  readonly database: Database;
  readonly tenants: Tenants;
  readonly clock: Clock;
  readonly log: Logger;
  readonly address: SqsAddress;
  /** Messages are ours for as long as steps are. */
  readonly leaseMs: number;
  /** Null: five seconds. */
  readonly pollMs: number | null;
}

const POLL_MS = 5_000;
/** SQS counts in seconds, and an answer takes its time. */
const SHORTEST_VISIBILITY_MS = 5_000;
/** Depths are asked for at most this often, by each worker: a call of the queue costs. */
const STATE_EVERY_MS = 60_000;

/** Workers that hear of work by SQS: an outbox in Postgres, a relay that empties it, and messages that wake who has room. */
export class SqsWake implements Wake {
  readonly pollMs: number;
  readonly #options: SqsWakeOptions;
  readonly #queue: SqsQueue;
  readonly #relay: OutboxRelay;
  readonly #consumer: MessageConsumer;
  #state: { readonly at: number; readonly state: WakeState } | undefined;

  constructor(options: SqsWakeOptions) {
    const { database, tenants, log, address, leaseMs } = options;
    this.#options = options;
    this.pollMs = options.pollMs ?? POLL_MS;
    this.#queue = new SqsQueue(address);
    const onError = (error: unknown): void => log.warn({ err: error }, 'the queue does not do its part; work is looked for in the database meanwhile');
    this.#relay = new OutboxRelay({ database, tenants, queue: this.#queue, onError });
    this.#consumer = new MessageConsumer({ database, queue: this.#queue, log, visibilityMs: Math.max(leaseMs, SHORTEST_VISIBILITY_MS), onError });
  }

  ready(): void {
    this.#relay.wake();
  }

  /** A queue that is out of reach or wrong is told of and stops nothing: work is found without it. */
  async start(onWork: () => void): Promise<void> {
    await this.#queue.assertUsable().catch((error: unknown) => this.#options.log.error({ err: error }, 'the queue cannot be used as it is'));
    this.#relay.start();
    this.#consumer.start(onWork);
  }

  looked(free: number): void {
    this.#consumer.looked(free);
  }

  async state(): Promise<WakeState> {
    const now = this.#options.clock.now();
    if (this.#state !== undefined && now.getTime() - this.#state.at < STATE_EVERY_MS) return this.#state.state;
    const depth = await this.#queue.depth().catch(() => ({ waiting: null, in_flight: null, dead_letters: null }));
    const state: WakeState = { kind: 'sqs', asked_at: now.toISOString(), visible: depth.waiting, in_flight: depth.in_flight, dead_letters: depth.dead_letters };
    this.#state = { at: now.getTime(), state };
    return state;
  }

  drain(): Promise<void> {
    return this.#consumer.stop();
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.#relay.stop();
    this.#queue.close();
  }
}
