import type { EntryBodies, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { Spool } from '@countersign/agent/spool/spool.ts';
import type { KeptOrder, SpoolTransaction } from '@countersign/agent/spool/transaction.ts';

const WATCH = orderId(0);
const INSTANCE = `ins_0${'w'.repeat(25)}`;

export function orderId(n: number): string {
  return `ord_0${String(n).padStart(25, '0')}`;
}

/** What an entry is about, so that one that comes twice under two numbers is seen. */
export function nameOf({ kind, body }: Pick<SpoolEntry, 'kind' | 'body'>): string {
  const { order_id, cursor } = body as { order_id?: string; cursor?: string };
  return `${kind}/${cursor ?? order_id ?? ''}`;
}

/**
 * What an agent writes while it works, by the same transactions as the agent itself: a watch that finds tickets and moves its cursor with each, and
 * orders that are taken, intended and ended. What was begun when the process was killed is gone on with.
 */
export class AgentWork {
  readonly #spool: Spool;
  readonly #content: string;

  /** @param content_bytes what an outcome and a ticket carry */
  constructor(spool: Spool, content_bytes: number) {
    this.#spool = spool;
    this.#content = 't'.repeat(content_bytes);
  }

  found(): Promise<Written> {
    return this.#commit((tx) => {
      const cursor = String(Number(tx.kept('watch_cursor') ?? 0) + 1);
      tx.keep('watch_cursor', cursor);
      return this.#append(tx, 'trigger.found', { order_id: WATCH, instance_id: INSTANCE, cursor, payloads: [{ description: this.#content }] });
    });
  }

  /** Takes the next order; where the agent has no room for it, null. */
  async taken(): Promise<Written & { readonly order_id: string } | null> {
    if (this.#spool.room().orders === 0) return null;
    let order_id = '';
    const written = await this.#commit((tx) => {
      const n = Number(tx.kept('next_order') ?? 1);
      order_id = orderId(n);
      tx.keep('next_order', String(n + 1));
      tx.takeOrder({ id: order_id, step_id: `stp_0${String(n).padStart(25, '0')}`, fence: 1, envelope_sha256: 'f'.repeat(64), begin_before: new Date().toISOString() });
      return this.#append(tx, 'order.accepted', { order_id, kind: 'execute' });
    });
    return { ...written, order_id };
  }

  intended(order_id: string): Promise<Written> {
    return this.#commit((tx) => {
      tx.moveOrder(order_id, 'begun');
      tx.putCall({ call_id: callId(order_id), idempotency_key: order_id, order_id, state: 'intended', intended_at: new Date().toISOString(), record: { action: 'servicenow/incident.update' } });
      return this.#append(tx, 'call', { order_id, call_key: 'main', action: 'servicenow/incident.update', action_digest: `sha256:${'a'.repeat(64)}`, outcome: 'ALLOW', bundle: null, rules: [] });
    });
  }

  ended(order_id: string): Promise<Written> {
    return this.#commit((tx) => {
      tx.putCall({ ...tx.call(callId(order_id), order_id)!, state: 'succeeded' });
      tx.moveOrder(order_id, 'ended');
      const exchanges = { request_digest: null, response_digest: null, may_have_changed: true };
      return this.#append(tx, 'outcome', { order_id, state: 'succeeded', result: { output: { note: this.#content } }, error: null, usage: [], exchanges, duration_ms: 5 } as EntryBodies['outcome']);
    });
  }

  /** What had been taken or begun when the process was killed. */
  open(): Promise<readonly KeptOrder[]> {
    return this.#spool.commit((tx) => tx.openOrders());
  }

  #commit(work: (tx: SpoolTransaction) => Written): Promise<Written> {
    return this.#spool.commit(work);
  }

  #append<Kind extends keyof EntryBodies>(tx: SpoolTransaction, kind: Kind, body: EntryBodies[Kind]): Written {
    return { seq: tx.append(kind, body), name: nameOf({ kind, body }) };
  }
}

/** An entry that is on the disk. */
export interface Written {
  readonly seq: number;
  readonly name: string;
}

function callId(order_id: string): string {
  return order_id.replace('ord', 'call');
}
