import { setTimeout as pause } from 'node:timers/promises';
import { WORK_MESSAGE_VERSION } from '@countersign/contracts/events/work-message.ts';
import type { WorkMessage } from '@countersign/contracts/events/work-message.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { SqsQueue } from '@countersign/platform/queue/sqs-queue.ts';
import { Loop } from '../loops/loop.ts';
import type { Tenants } from '../loops/tenants.ts';
import { finishRows, readRunWork, takeDueRows } from './repository-outbox.ts';
import type { RunWork, TakenRow } from './repository-outbox.ts';

export interface OutboxRelayOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly queue: Pick<SqsQueue, 'send'>;
  readonly onError: (error: unknown) => void;
}

const ROWS = 100;
/** Ten times what a batch takes when the queue is slow; then another worker may send them. */
const TAKEN_MS = 30_000;
/** Rows of workers that died before they told of them. */
const LOOK_EVERY_MS = 2_000;
/** A queue that does not answer does not hold up the end of a worker. */
const STOP_WITHIN_MS = 2_000;
/** Between two calls, so that messages travel together. The first after a rest does not wait. */
const GAP_MS = 100;

/**
 * Tells the queue of the runs in the outbox. A row is taken off after the queue has its message: who dies in between leaves it for
 * another, which tells of it a second time.
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #loop: Loop;
  #sentAt = -Infinity;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
    this.#loop = new Loop({ name: 'outbox', everyMs: LOOK_EVERY_MS, turn: () => this.turn(), onError: (_name, error) => options.onError(error) });
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Tells of what was committed while this worker drained, unless the queue takes too long: other workers tell of it then. */
  async stop(): Promise<void> {
    const told = this.#loop.stop().then(() => this.turn()).catch(this.#options.onError);
    await Promise.race([told, pause(STOP_WITHIN_MS, undefined, { ref: false })]);
  }

  /** Sends what is due. Gives whether there may be more. */
  async turn(): Promise<boolean> {
    const { database, tenants, queue } = this.#options;
    const wait = this.#sentAt + GAP_MS - performance.now();
    if (wait > 0) await pause(wait);
    const tenantIds = await tenants.ids();
    if (tenantIds.length === 0) return false;
    const { taken, work } = await database.forTenants(tenantIds, async (tx) => {
      const rows = await takeDueRows(tx, ROWS, TAKEN_MS);
      // A statement of its own: what was committed while rows were being locked is seen only by the next snapshot.
      return { taken: rows, work: rows.length === 0 ? [] : await readRunWork(tx, rows) };
    });
    if (taken.length === 0) return false;
    // Work that its maker has claimed meanwhile needs no message.
    const telling = work.filter((run) => run.has_work);
    const bodies = new Map(telling.map((run) => [run.run_id, asMessage(run)]));
    const refused = new Set(await queue.send([...bodies.values()]));
    if (telling.length > 0) this.#sentAt = performance.now();
    const told = taken.filter((row) => !refused.has(bodies.get(row.run_id) ?? ''));
    await database.forTenants(tenantIds, (tx) => finishRows(tx, told.map((row) => ({ ...row, next_due_at: dueNext(row, work) }))));
    return taken.length === ROWS;
  }
}

function asMessage({ tenant_id, run_id, traceparent }: RunWork): string {
  const trace = traceparent !== null && TRACEPARENT.test(traceparent) ? { traceparent } : {};
  return JSON.stringify({ v: WORK_MESSAGE_VERSION, tenant_id, run_id, ...trace } satisfies WorkMessage);
}

/** Of version 00, the only one there is. Source: W3C Trace Context, traceparent header. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function dueNext(row: TakenRow, work: readonly RunWork[]): Date | null {
  return work.find((run) => run.run_id === row.run_id && run.tenant_id === row.tenant_id)?.next_due_at ?? null;
}
