import { setTimeout as delay } from 'node:timers/promises';
import { sealTenant } from '@countersign/control-plane/audit/sequencer.ts';
import { insertDelivery, vote } from '@countersign/execution-plane/testing/queries.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { notify } from '@countersign/platform/postgres/listener.ts';
import type { ChaosOptions } from './arguments.ts';
import type { Lanes } from './lanes.ts';
import { countPendingEvents, listPendingApprovals, readProgress } from './repository-chaos.ts';
import type { Progress } from './repository-chaos.ts';

/** An event that the cell has acknowledged: from here on it may not be lost. */
export interface Accepted {
  readonly record: string;
  readonly lane: keyof Lanes;
}

export interface TrafficOptions {
  readonly database: Database;
  readonly lanes: Lanes;
  readonly options: ChaosOptions;
  /** Whether any worker is there to claim something. */
  readonly isWorking: () => boolean;
  /** How many events may be raised before the next strike: none of them may come too late to meet work. */
  readonly raisable: () => number;
  readonly onAccepted: (accepted: Accepted) => void;
  readonly say: (line: string) => void;
}

const LOOK_MS = 100;
const A_FEW = 4;
/** One run in so many is of the lane where people approve. */
const GOVERNED_EVERY = 8;
/** Nothing claimed for so long though somebody could: what is still open is stuck, and the checker will say so. */
const STUCK_AFTER_MS = 45_000;
const SAY_EVERY_MS = 10_000;

/** Everything outside of the workers: the events that come in, the people who approve, and the control plane that seals the audit. */
export class Traffic {
  readonly #given: TrafficOptions;
  #raised = 0;

  constructor(given: TrafficOptions) {
    this.#given = given;
  }

  /** Raises all events, so many at a time, and resolves when every run has ended, or when nothing moves any more. */
  async untilEnded(): Promise<void> {
    const { options, isWorking, say } = this.#given;
    let last: Progress = { ended: 0, dropped: 0, claims: 0 };
    let movedAt = performance.now();
    let saidAt = performance.now();
    while (last.ended + last.dropped < options.runs && performance.now() - movedAt < STUCK_AFTER_MS) {
      await this.#raiseUpTo(Math.min(options.runs, last.ended + last.dropped + options.in_flight, this.#paced(last.ended + last.dropped)));
      await this.#once(() => this.#approve());
      await this.#once(() => this.#seal());
      const now = await this.#once(() => this.#inTenant(readProgress)) ?? last;
      if (now.claims !== last.claims || now.ended !== last.ended || !isWorking()) movedAt = performance.now();
      last = now;
      if (performance.now() - saidAt > SAY_EVERY_MS) {
        saidAt = performance.now();
        say(`${now.ended} of ${options.runs} runs have ended`);
      }
      await delay(LOOK_MS);
    }
  }

  /** Seals what is pending, to the last event. */
  async sealAll(): Promise<void> {
    while (await this.#inTenant(countPendingEvents) > 0) await this.#seal();
  }

  /** Where all that was raised has ended, a strike that is due waits for a request: a few more bring one. */
  #paced(ended: number): number {
    return Math.max(this.#given.raisable(), ended === this.#raised ? ended + A_FEW : 0);
  }

  async #raiseUpTo(count: number): Promise<void> {
    const before = this.#raised;
    const waiting = Array.from({ length: Math.max(0, count - before) }, (_, i) => before + i);
    this.#raised = Math.max(count, before);
    await Promise.all(waiting.map((n) => this.#raise(n)));
    if (waiting.length > 0) await this.#once(() => notify(this.#given.database.pool, 'countersign_deliveries'));
  }

  /** As the webhook does: one durable row. Who was not told that it is there sends it again. */
  async #raise(n: number): Promise<void> {
    const lane: keyof Lanes = n % GOVERNED_EVERY === GOVERNED_EVERY - 1 ? 'governed' : 'free';
    const ids = this.#given.lanes[lane];
    const record = `rec-${n + 1}`;
    const payload = { id: record, version: 0, operation: 'create', by: 'somebody' };
    while (await this.#once(() => this.#inTenant((tx) => insertDelivery(tx, ids, { id: newId('delivery'), subject: record, dedupeKey: `${record}:0`, source: 'webhook', payload, connector: 'book', event: 'record.created' }))) === null) await delay(LOOK_MS);
    this.#given.onAccepted({ record, lane });
  }

  async #approve(): Promise<void> {
    const { lanes, database } = this.#given;
    const pending = await this.#inTenant(listPendingApprovals);
    for (const id of pending) {
      await this.#inTenant((tx) => vote(tx, lanes.governed, id, newId('vote'), 'approve'));
      await notify(database.pool, 'countersign_approvals', id);
    }
  }

  async #seal(): Promise<void> {
    await sealTenant(this.#given.database, this.#given.lanes.free.tenantId);
  }

  #inTenant<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#given.database.forTenant(this.#given.lanes.free.tenantId, work);
  }

  /** Null when the database was away. */
  async #once<T>(work: () => Promise<T>): Promise<T | null> {
    return work().catch(() => null);
  }
}
