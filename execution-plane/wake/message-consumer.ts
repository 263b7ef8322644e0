import { setTimeout as pause } from 'node:timers/promises';
import schema from '@countersign/contracts/events/work-message.schema.json' with { type: 'json' };
import type { WorkMessage } from '@countersign/contracts/events/work-message.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { messageReader } from '@countersign/platform/queue/read-message.ts';
import { BATCH } from '@countersign/platform/queue/sqs-queue.ts';
import type { ReceivedMessage, SqsQueue } from '@countersign/platform/queue/sqs-queue.ts';
import { Loop } from '../loops/loop.ts';
import { Looks } from './looks.ts';
import { readRunWork } from './repository-outbox.ts';
import type { RunWork } from './repository-outbox.ts';

export interface MessageConsumerOptions {
  readonly database: Database;
  readonly queue: Pick<SqsQueue, 'receive' | 'remove' | 'extend'>;
  readonly log: Logger;
  /** For how long a message is ours, and again from each heartbeat. */
  readonly visibilityMs: number;
  readonly onError: (error: unknown) => void;
}

interface Hint extends WorkMessage {
  readonly received: ReceivedMessage;
}

const LONG_POLL_MS = 20_000;
/** A worker that has room looks this often before it takes what is left for not claimable by anybody: paused, or over a limit. */
const LOOKS = 2;
/** What came back so often is not passed on once more: its work is in Postgres, and the dead letters are for what nobody can read. */
const PASSED_ON_AT_MOST = 3;

/**
 * After a batch that told of nothing new: workers find their work faster than the queue tells of it, so its messages may gather. What is new
 * waits no longer than this, and only where its maker has no room for it.
 */
const STALE_REST_MS = 500;

const readMessage = messageReader<WorkMessage>(schema);

/**
 * Receives messages while the worker has room, and only then: under load workers find their work in Postgres by themselves, at no call of
 * the queue. A message wakes the worker's fair claim and does not choose what is claimed, so that a tenant with a hundred thousand
 * messages gets no more than its share. It is deleted when its run has nothing left to claim, and given back to others when this worker is full.
 */
export class MessageConsumer {
  readonly #options: MessageConsumerOptions;
  readonly #looks = new Looks();
  readonly #loop: Loop;
  readonly #stopping = new AbortController();
  #onWork: () => void = () => undefined;
  #onlyStale = false;

  constructor(options: MessageConsumerOptions) {
    this.#options = options;
    this.#loop = new Loop({ name: 'queue', everyMs: 0, turn: () => this.#turn(), onError: (_name, error) => options.onError(error) });
  }

  start(onWork: () => void): void {
    this.#onWork = onWork;
    this.#loop.start();
  }

  looked(free: number): void {
    this.#looks.looked(free);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#looks.stop();
    await this.#loop.stop();
  }

  async #turn(): Promise<boolean> {
    const { queue, visibilityMs } = this.#options;
    if (this.#onlyStale) await pause(STALE_REST_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    const free = await this.#looks.withRoom();
    if (free === null) return false;
    const messages = await queue.receive({ most: this.#onlyStale ? BATCH : Math.min(free, BATCH), waitMs: LONG_POLL_MS, visibilityMs, signal: this.#stopping.signal });
    this.#onlyStale = false;
    if (messages.length > 0) await this.#whileKept(messages, () => this.#handle(messages));
    return true;
  }

  async #handle(messages: readonly ReceivedMessage[]): Promise<void> {
    const { queue } = this.#options;
    const hints = messages.flatMap((message) => this.#read(message));
    const work = await this.#workOf(hints);
    for (const hint of hints.filter((candidate) => !work.has(candidate))) this.#tellOfUnknownRun(hint);
    const known = [...work.keys()];
    let left = known.filter((hint) => work.get(hint)?.has_work);
    this.#onlyStale = known.length > 0 && left.length === 0;
    for (let looks = 0; looks < LOOKS && left.length > 0; looks++) {
      const looked = this.#looks.next();
      this.#onWork();
      const free = await looked;
      if (free === null) break;
      const now = await this.#workOf(left);
      left = left.filter((hint) => now.get(hint)?.has_work);
      if (free === 0) break;
    }
    // More is left than this worker takes up: somebody else may.
    const full = this.#looks.free === 0 || this.#stopping.signal.aborted;
    const passedOn = full ? left.filter(({ received }) => received.receives <= PASSED_ON_AT_MOST) : [];
    await queue.extend(passedOn.map((hint) => hint.received), 0);
    await queue.remove(known.filter((hint) => !passedOn.includes(hint)).map((hint) => hint.received));
  }

  /** What cannot be read stays where it is: a newer worker may read it, and else it goes to the dead letters. */
  #read(received: ReceivedMessage): Hint[] {
    const read = readMessage(received.body);
    if ('message' in read) return [{ ...read.message, received }];
    this.#options.log.warn({ code: 'message_unreadable', message_id: received.id, receives: received.receives, problem: read.problem }, 'a message of the queue is none of ours; it is left for the dead letters');
    return [];
  }

  /** What the run of each hint has to do, looked up as the tenant that the hint names and as nobody else. Without those that have no such run. */
  async #workOf(hints: readonly Hint[]): Promise<Map<Hint, RunWork>> {
    const found = new Map<Hint, RunWork>();
    for (const tenantId of new Set(hints.map((hint) => hint.tenant_id))) {
      const ofTenant = hints.filter((hint) => hint.tenant_id === tenantId);
      const work = await this.#options.database.forTenant(tenantId, (tx) => readRunWork(tx, ofTenant));
      for (const hint of ofTenant) {
        const ofRun = work.find((run) => run.run_id === hint.run_id);
        if (ofRun !== undefined) found.set(hint, ofRun);
      }
    }
    return found;
  }

  /** Forged, or of another cell: a run is committed before any message names it. */
  #tellOfUnknownRun({ received, tenant_id, run_id }: Hint): void {
    this.#options.log.warn({ code: 'message_of_unknown_run', message_id: received.id, receives: received.receives, tenant_id, run_id }, 'a message of the queue names a run that its tenant does not have; it is left for the dead letters');
  }

  /** Keeps messages ours while `work` goes on, by a heartbeat three times within their visibility. */
  async #whileKept(messages: readonly ReceivedMessage[], work: () => Promise<void>): Promise<void> {
    const { queue, visibilityMs, onError } = this.#options;
    const heartbeat = setInterval(() => void queue.extend(messages, visibilityMs).catch(onError), visibilityMs / 3);
    try {
      await work();
    } finally {
      clearInterval(heartbeat);
    }
  }
}
