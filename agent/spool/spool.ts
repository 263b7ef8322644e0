import type { DatabaseSync } from 'node:sqlite';
import type { EntryBodies, EntryKind, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { Bounds } from './bounds.ts';
import { isDamage, SpoolError } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import type { Head } from './head.ts';
import { Pages } from './pages.ts';
import { SpoolTransaction } from './transaction.ts';
import type { SpoolClock } from './transaction.ts';
import { unseal } from './sealing.ts';

const HOUR_MS = 3_600_000;
/** An order that comes again is known for so long after it could have been begun. */
const REMEMBERED_MS = 24 * HOUR_MS;
/** No clock that is believed goes back so far that one would be in time again. */
const REMEMBERED_AT_LEAST_MS = 2 * HOUR_MS;
const SWEEP_MS = HOUR_MS / 6;

/**
 * The agent's memory and its post: what it must never forget (orders taken, effects intended) and what it has to tell the cell, in one place, so that
 * one commit says both. Nothing is answered, sent or believed before the commit that says so is on the disk, and an entry is forgotten only when the
 * cell has said that it holds it.
 */
export class Spool {
  readonly #database: DatabaseSync;
  readonly #key: Uint8Array;
  readonly #head: Head;
  readonly #pages: Pages;
  readonly #bounds: Bounds;
  readonly #clock: SpoolClock;
  readonly #writes: GroupCommit<SpoolTransaction>;
  #damage: SpoolError | null = null;
  #hasToldFull = false;
  #sweptAt = -Infinity;
  readonly #awaiting: Array<() => void> = [];

  constructor({ file, database, key, head, bounds, clock }: SpoolParts) {
    this.#database = database;
    this.#pages = new Pages(database, file);
    this.#key = key;
    this.#head = head;
    this.#bounds = bounds;
    this.#clock = clock;
    this.#writes = new GroupCommit(database, new SpoolTransaction(database, key, head, clock), {
      mark: () => head.mark(),
      makeRoom: () => this.#makeRoom(),
    });
  }

  /** One life of a spool: begun when an agent enrols. */
  get epoch(): string {
    return this.#head.epoch;
  }

  /**
   * Does `work` and resolves when all that it wrote is on the disk. It is all or nothing, and `work` must not wait: it runs in one turn, alone.
   * Calls of the same turn share a commit.
   *
   * @throws what `work` throws, and SpoolError `spool_full`, `spool_damaged`; then nothing of it was written
   */
  async commit<T>(work: (spool: SpoolTransaction) => T): Promise<T> {
    const value = await this.#whole(() => this.#writes.do(work));
    this.#wake();
    this.#tellWhenFull();
    return value;
  }

  /** One entry by itself; gives its number. */
  append<Kind extends EntryKind>(kind: Kind, body: EntryBodies[Kind]): Promise<number> {
    return this.commit((spool) => spool.append(kind, body));
  }

  /**
   * What the cell does not have yet, in order, with the hash before the first. At most `max_entries` and `max_bytes`, but always one where there is one.
   * @throws SpoolError `spool_damaged`
   */
  undelivered(max_entries: number, max_bytes: number): { readonly prev_hash: string; readonly entries: readonly SpoolEntry[] } {
    const { seq, hash } = this.#head.delivered;
    const entries = this.#wholeNow(() => {
      const rows = this.#database.prepare('SELECT seq, kind, occurred_at, clock_offset_ms, sealed, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?').iterate(seq, max_entries) as unknown as Iterable<EntryRow>;
      return this.#upTo(max_bytes, rows);
    });
    return { prev_hash: hash, entries };
  }

  /** Resolves when there is something that the cell does not have. */
  async whenUndelivered(): Promise<void> {
    if (!this.#hasUndelivered()) await new Promise<void>((resolve) => this.#awaiting.push(resolve));
  }

  /**
   * Forgets what the cell says it holds.
   * @throws SpoolError `spool_forked` it names an entry that this spool did not give it: two agents share an identity, or a disk was put back
   */
  async delivered(seq: number, hash: string): Promise<void> {
    if (seq <= this.#head.delivered.seq) return;
    const row = this.#wholeNow(() => this.#database.prepare('SELECT hash FROM entries WHERE seq = ?').get(seq) as { hash: string } | undefined);
    if (row?.hash !== hash) throw new SpoolError('spool_forked', `The cell says that it has entry ${seq} with the hash ${hash.slice(0, 12)}, and this spool ${row === undefined ? 'has no such entry' : `gave it ${row.hash.slice(0, 12)}`}.`);
    await this.commit((spool) => {
      spool.forgetUntil(seq, hash);
      this.#sweep(spool);
    });
    this.#pages.giveBack();
    this.#hasToldFull &&= !this.room().open;
  }

  /** Whether there is room for another order and for saying how it ends. */
  room(): SpoolRoom {
    const { limits: { limit_bytes } } = this.#bounds;
    const { bytes, orders } = this.#measured();
    const state = this.#damage !== null ? 'damaged' : orders > 0 ? 'open' : 'full';
    return { open: state === 'open', state, orders, bytes, limit_bytes, seq: this.#head.last.seq, delivered_seq: this.#head.delivered.seq };
  }

  close(): void {
    this.#database.close();
  }

  #measured(): { readonly bytes: number; readonly orders: number } {
    const nothing = { bytes: 0, orders: 0 };
    if (this.#damage !== null) return nothing;
    try {
      const under_way = this.#database.prepare("SELECT count(*) AS n FROM orders WHERE state <> 'ended'").get() as { n: number };
      const held = this.#pages.held();
      return { bytes: held.bytes, orders: this.#bounds.orders(held, under_way.n) };
    } catch (error) {
      // A disk that cannot be looked at has no room either.
      this.#seen(error);
      return nothing;
    }
  }

  /** The disk is full: what was put aside for this is given up, and what the log takes beyond what it needs, so that what is under way can be told. */
  #makeRoom(): boolean {
    const had = this.#bounds.giveUp();
    const before = this.#bounds.freeBytes();
    this.#pages.cutLog();
    return had || this.#bounds.freeBytes() > before;
  }

  /** An entry of its own each time that there is no room for new work, once until something was delivered. */
  #tellWhenFull(): void {
    if (this.#hasToldFull) return;
    const { state, bytes, limit_bytes } = this.room();
    if (state !== 'full') return;
    this.#hasToldFull = true;
    // Where not even this can be written, the next poll says it.
    this.#writes.do((spool) => spool.append('spool.full', { bytes, limit_bytes })).then(() => this.#wake(), () => {
      this.#hasToldFull = false;
    });
  }

  #hasUndelivered(): boolean {
    return this.#head.last.seq > this.#head.delivered.seq;
  }

  #wake(): void {
    if (!this.#hasUndelivered()) return;
    for (const resolve of this.#awaiting.splice(0)) resolve();
  }

  /** What nobody can give a second time any more is forgotten: after a day, and sooner where the room is needed. */
  #sweep(spool: SpoolTransaction): void {
    const now = this.#clock.now().getTime();
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    spool.forgetOrders(new Date(now - REMEMBERED_MS));
    if (this.#pages.held().bytes > this.#bounds.limits.limit_bytes / 2) spool.forgetOrders(new Date(now - REMEMBERED_AT_LEAST_MS));
  }

  async #whole<T>(read: () => Promise<T>): Promise<T> {
    if (this.#damage !== null) throw this.#damage;
    try {
      return await read();
    } catch (error) {
      throw this.#seen(error);
    }
  }

  #wholeNow<T>(read: () => T): T {
    if (this.#damage !== null) throw this.#damage;
    try {
      return read();
    } catch (error) {
      throw this.#seen(error);
    }
  }

  /** Once something of it is damaged nothing more is written: what is there is for people to look at. */
  #seen(error: unknown): unknown {
    if (!isDamage(error)) return error;
    this.#damage = error instanceof SpoolError ? error : new SpoolError('spool_damaged', `The spool is damaged: ${(error as Error).message}. Nothing was deleted. Stop the agent and run: countersign-agent spool`, { cause: error });
    return this.#damage;
  }

  #upTo(max_bytes: number, rows: Iterable<EntryRow>): SpoolEntry[] {
    const entries: SpoolEntry[] = [];
    let bytes = 0;
    for (const row of rows) {
      bytes += row.sealed.length;
      if (entries.length > 0 && bytes > max_bytes) break;
      entries.push(this.#read(row));
    }
    return entries;
  }

  #read({ seq, kind, occurred_at, clock_offset_ms, sealed, hash }: EntryRow): SpoolEntry {
    const body = JSON.parse(unseal(this.#key, `entry ${this.#head.epoch}/${seq}`, sealed)) as EntryBodies[EntryKind];
    return { seq, kind, occurred_at, clock_offset_ms, body, hash };
  }
}

export interface SpoolParts {
  readonly file: string;
  readonly database: DatabaseSync;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly head: Head;
  readonly bounds: Bounds;
  readonly clock: SpoolClock;
}

export interface SpoolRoom {
  readonly open: boolean;
  readonly state: 'open' | 'full' | 'damaged';
  /** How many more orders there is room for. */
  readonly orders: number;
  readonly bytes: number;
  readonly limit_bytes: number;
  readonly seq: number;
  readonly delivered_seq: number;
}

export interface EntryRow {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly occurred_at: string;
  readonly clock_offset_ms: number;
  readonly sealed: Uint8Array;
  readonly hash: string;
}
