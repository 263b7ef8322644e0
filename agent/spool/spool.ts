import { DatabaseSync } from 'node:sqlite';
import type { EntryBodies, EntryKind, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { Ballast } from './ballast.ts';
import { SpoolError } from './errors.ts';
import { GroupCommit } from './group-commit.ts';
import { Head } from './head.ts';
import { SpoolTransaction } from './transaction.ts';
import type { SpoolClock } from './transaction.ts';
import { unseal } from './sealing.ts';

/**
 * The agent's memory and its post: what it must never forget (orders taken, effects intended) and what it has to tell the cell, in one place, so that
 * one commit says both. Nothing is answered, sent or believed before the commit that says so is on the disk, and an entry is forgotten only when the
 * cell has said that it holds it.
 */
export class Spool {
  readonly #database: DatabaseSync;
  readonly #key: Uint8Array;
  readonly #head: Head;
  readonly #ballast: Ballast;
  readonly #bounds: SpoolBounds;
  readonly #writes: GroupCommit<SpoolTransaction>;
  #isFull = false;

  constructor({ database, key, head, ballast, bounds, clock }: SpoolParts) {
    this.#database = database;
    this.#key = key;
    this.#head = head;
    this.#ballast = ballast;
    this.#bounds = bounds;
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
   * @throws what `work` throws, and SpoolError `spool_full`; then nothing of it was written
   */
  commit<T>(work: (spool: SpoolTransaction) => T): Promise<T> {
    return this.#writes.do(work);
  }

  /** One entry by itself; gives its number. */
  append<Kind extends EntryKind>(kind: Kind, body: EntryBodies[Kind]): Promise<number> {
    return this.commit((spool) => spool.append(kind, body));
  }

  /** What the cell does not have yet, in order, with the hash before the first. At most `max_entries` and `max_bytes`, but always one where there is one. */
  undelivered(max_entries: number, max_bytes: number): { readonly prev_hash: string; readonly entries: readonly SpoolEntry[] } {
    const rows = this.#database.prepare('SELECT seq, kind, occurred_at, clock_offset_ms, sealed, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?').iterate(this.#head.delivered.seq, max_entries) as unknown as Iterable<EntryRow>;
    const entries: SpoolEntry[] = [];
    let bytes = 0;
    for (const row of rows) {
      bytes += row.sealed.length;
      if (entries.length > 0 && bytes > max_bytes) break;
      entries.push(this.#read(row));
    }
    return { prev_hash: this.#head.delivered.hash, entries };
  }

  /**
   * Forgets what the cell says it holds.
   * @throws SpoolError `spool_forked` it names an entry that this spool did not give it: two agents share an identity, or a disk was put back
   */
  async delivered(seq: number, hash: string): Promise<void> {
    if (seq <= this.#head.delivered.seq) return;
    const row = this.#database.prepare('SELECT hash FROM entries WHERE seq = ?').get(seq) as { hash: string } | undefined;
    if (row?.hash !== hash) throw new SpoolError('spool_forked', `The cell says that it has entry ${seq} with the hash ${hash.slice(0, 12)}, and this spool ${row === undefined ? 'has no such entry' : `gave it ${row.hash.slice(0, 12)}`}.`);
    await this.commit((spool) => spool.forgetUntil(seq, hash));
    this.#isFull = false;
    if (!this.#ballast.isWhole()) this.#ballast.refill();
  }

  /** Whether there is room for another order and for saying how it ends. */
  room(): SpoolRoom {
    const { limit_bytes, promised_bytes_per_order } = this.#bounds;
    const open = this.#database.prepare("SELECT count(*) AS n FROM orders WHERE state <> 'ended'").get() as { n: number };
    const bytes = this.bytes();
    const isOpen = !this.#isFull && this.#ballast.isWhole() && bytes + (open.n + 1) * promised_bytes_per_order <= limit_bytes;
    return { open: isOpen, bytes, limit_bytes, seq: this.#head.last.seq, delivered_seq: this.#head.delivered.seq };
  }

  /** What the file holds. Pages whose rows were deleted are used again and not counted. */
  bytes(): number {
    const { pages, free, size } = this.#database.prepare('SELECT page_count AS pages, freelist_count AS free, page_size AS size FROM pragma_page_count, pragma_freelist_count, pragma_page_size').get() as { pages: number; free: number; size: number };
    return (pages - free) * size;
  }

  close(): void {
    this.#database.close();
  }

  /** The disk is full: what was put aside for this is given up, so that what is under way can still say how it ended. */
  #makeRoom(): boolean {
    this.#isFull = true;
    return this.#ballast.release();
  }

  #read({ seq, kind, occurred_at, clock_offset_ms, sealed, hash }: EntryRow): SpoolEntry {
    const body = JSON.parse(unseal(this.#key, `entry ${this.#head.epoch}/${seq}`, sealed)) as EntryBodies[EntryKind];
    return { seq, kind, occurred_at, clock_offset_ms, body, hash };
  }
}

export interface SpoolParts {
  readonly database: DatabaseSync;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly head: Head;
  readonly ballast: Ballast;
  readonly bounds: SpoolBounds;
  readonly clock: SpoolClock;
}

export interface SpoolBounds {
  readonly limit_bytes: number;
  /** What one order may need to say how it ends. */
  readonly promised_bytes_per_order: number;
}

export interface SpoolRoom {
  readonly open: boolean;
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
