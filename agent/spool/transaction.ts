import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { entryHash, MAX_ENTRY_BYTES } from '@countersign/contracts/agent/spool-entry.ts';
import type { EntryBodies, EntryKind } from '@countersign/contracts/agent/spool-entry.ts';
import { deliverable } from './deliverable.ts';
import { SpoolError } from './errors.ts';
import type { Head } from './head.ts';
import { seal, unseal } from './sealing.ts';

/** When something happened, as far as the agent knows. */
export interface SpoolClock {
  /** Corrected by what the cell said of the time. */
  now(): Date;
  /** What was added to the machine's own clock. */
  offset_ms(): number;
}

export type OrderState = 'accepted' | 'begun' | 'ended';

export interface KeptOrder {
  readonly id: string;
  readonly step_id: string;
  readonly fence: number;
  /** Hex, of the envelope as it came. */
  readonly envelope_sha256: string;
  readonly state: OrderState;
  readonly begin_before: string;
  /** Whether the cell knows that it is on this disk. */
  readonly receipt_known: boolean;
}

export interface KeptCall {
  readonly call_id: string;
  readonly idempotency_key: string;
  readonly order_id: string;
  readonly state: 'intended' | 'succeeded' | 'failed' | 'uncertain';
  readonly intended_at: string;
  /** What is known of it, as the gateway's store wrote it. */
  readonly record: unknown;
}

/** What can be read and written between the beginning and the end of one commit. Made once; it is nobody's outside of `Spool.commit`. */
export class SpoolTransaction {
  readonly #key: Uint8Array;
  readonly #head: Head;
  readonly #clock: SpoolClock;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, key: Uint8Array, head: Head, clock: SpoolClock) {
    this.#database = database;
    this.#key = key;
    this.#head = head;
    this.#clock = clock;
  }

  /**
   * Writes an entry at the end of the chain and gives its number. See `deliverable`.
   * @throws SpoolError `entry_too_large` it could never be delivered, nor anything after it
   */
  append<Kind extends EntryKind>(kind: Kind, what: EntryBodies[Kind]): number {
    const { epoch, last } = this.#head;
    const { body, text } = deliverable(what);
    const entry = { seq: last.seq + 1, kind, occurred_at: this.#clock.now().toISOString(), clock_offset_ms: Math.round(this.#clock.offset_ms()), body };
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_ENTRY_BYTES) throw new SpoolError('entry_too_large', `An entry of kind ${kind} would be ${bytes} bytes, and ${MAX_ENTRY_BYTES} is the most. Leave out or cut what is large in it.`);
    const hash = entryHash(epoch, last.hash, entry);
    const sealed = seal(this.#key, `entry ${epoch}/${entry.seq}`, text);
    this.#run('INSERT INTO entries (seq, kind, occurred_at, clock_offset_ms, sealed, hash) VALUES (?, ?, ?, ?, ?, ?)', entry.seq, kind, entry.occurred_at, entry.clock_offset_ms, sealed, hash);
    this.#run("INSERT INTO kept (name, value) VALUES ('head', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", JSON.stringify({ seq: entry.seq, hash }));
    this.#head.append({ seq: entry.seq, hash });
    return entry.seq;
  }

  /** Everything up to `seq` is with the cell. */
  forgetUntil(seq: number, hash: string): void {
    this.#run('DELETE FROM entries WHERE seq <= ?', seq);
    this.keep('delivered', JSON.stringify({ seq, hash }));
    this.#head.deliver({ seq, hash });
  }

  order(id: string): KeptOrder | undefined {
    const row = this.#get('SELECT id, step_id, fence, envelope_sha256, state, begin_before, receipt_known FROM orders WHERE id = ?', id);
    return row === undefined ? undefined : { ...row, receipt_known: row.receipt_known === 1 } as unknown as KeptOrder;
  }

  /** The highest fence that an order for this step came with; 0 where none did. */
  highestFence(stepId: string): number {
    return Number(this.#get('SELECT coalesce(max(fence), 0) AS fence FROM orders WHERE step_id = ?', stepId)?.fence ?? 0);
  }

  takeOrder({ id, step_id, fence, envelope_sha256, begin_before }: Pick<KeptOrder, 'id' | 'step_id' | 'fence' | 'envelope_sha256' | 'begin_before'>): void {
    this.#run("INSERT INTO orders (id, step_id, fence, envelope_sha256, state, begin_before) VALUES (?, ?, ?, ?, 'accepted', ?)", id, step_id, fence, envelope_sha256, begin_before);
  }

  moveOrder(id: string, state: OrderState): void {
    this.#run('UPDATE orders SET state = ? WHERE id = ?', state, id);
    if (state === 'ended') this.#run('DELETE FROM order_contents WHERE order_id = ?', id);
  }

  /** What the order says, so that it can be gone on with after a restart; until it has ended. */
  keepContent(orderId: string, content: unknown): void {
    this.#run('INSERT INTO order_contents (order_id, sealed) VALUES (?, ?)', orderId, seal(this.#key, `order ${orderId}`, JSON.stringify(content)));
  }

  content(orderId: string): unknown {
    const row = this.#get('SELECT sealed FROM order_contents WHERE order_id = ?', orderId) as { sealed: Uint8Array } | undefined;
    return row === undefined ? undefined : JSON.parse(unseal(this.#key, `order ${orderId}`, row.sealed));
  }

  /** Orders that had been taken or begun when the agent stopped, the oldest first. */
  openOrders(): KeptOrder[] {
    return (this.#all("SELECT id FROM orders WHERE state <> 'ended' ORDER BY id") as Array<{ id: string }>).map(({ id }) => this.order(id)!);
  }

  receiptsToTell(): string[] {
    return (this.#all('SELECT id FROM orders WHERE receipt_known = 0 ORDER BY id') as Array<{ id: string }>).map(({ id }) => id);
  }

  receiptsTold(ids: readonly string[]): void {
    for (const id of ids) this.#run('UPDATE orders SET receipt_known = 1 WHERE id = ?', id);
  }

  /** Orders that ended and could not begin any more before `before`: nobody can replay what is too old to be taken. */
  forgetOrders(before: Date): void {
    this.#run("DELETE FROM orders WHERE state = 'ended' AND receipt_known = 1 AND begin_before < ?", before.toISOString());
    this.#run("DELETE FROM calls WHERE state <> 'intended' AND order_id NOT IN (SELECT id FROM orders)");
  }

  /** By the id of the call in the cell's books, else by its idempotency key. */
  call(callId: string, idempotencyKey: string): KeptCall | undefined {
    const row = this.#get('SELECT call_id, idempotency_key, order_id, state, intended_at, sealed FROM calls WHERE call_id = ?', callId)
      ?? this.#get('SELECT call_id, idempotency_key, order_id, state, intended_at, sealed FROM calls WHERE idempotency_key = ?', idempotencyKey);
    if (row === undefined) return undefined;
    const { sealed, ...rest } = row as unknown as Omit<KeptCall, 'record'> & { sealed: Uint8Array };
    return { ...rest, record: JSON.parse(unseal(this.#key, `call ${rest.call_id}`, sealed)) };
  }

  /** A call that failed leaves its idempotency key to the next one. */
  putCall({ call_id, idempotency_key, order_id, state, intended_at, record }: KeptCall): void {
    this.#run("DELETE FROM calls WHERE idempotency_key = ? AND call_id <> ? AND state = 'failed'", idempotency_key, call_id);
    this.#run(`INSERT INTO calls (call_id, idempotency_key, order_id, state, intended_at, sealed) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (call_id) DO UPDATE SET order_id = excluded.order_id, state = excluded.state, sealed = excluded.sealed`,
      call_id, idempotency_key, order_id, state, intended_at, seal(this.#key, `call ${call_id}`, JSON.stringify(record)));
  }

  /** Small facts that must survive: the highest numbers seen, cursors, what was last said of the time. */
  kept(name: string): string | undefined {
    return this.#get('SELECT value FROM kept WHERE name = ?', name)?.value as string | undefined;
  }

  keep(name: string, value: string): void {
    this.#run('INSERT INTO kept (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value);
  }

  #run(sql: string, ...values: Value[]): void {
    this.#prepared(sql).run(...values);
  }

  #get(sql: string, ...values: Value[]): Record<string, unknown> | undefined {
    return this.#prepared(sql).get(...values) as Record<string, unknown> | undefined;
  }

  #all(sql: string): unknown[] {
    return this.#prepared(sql).all();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

type Value = string | number | Uint8Array;
