import type { DatabaseSync } from 'node:sqlite';
import { isFull, SpoolError } from './errors.ts';

interface Waiting<Transaction> {
  readonly work: (transaction: Transaction) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Done {
  readonly settle: () => void;
}

export interface GroupCommitHooks {
  /** Gives what takes back, from here on, what is kept in memory of the writes. */
  readonly mark: () => () => void;
  /** The disk is full: whether some room was made, so that it is worth trying once more. */
  readonly makeRoom: () => boolean;
}

/**
 * Puts all writes of one turn of the event loop into one commit: an fsync costs 2 ms here, and ten callers need not pay for ten. Each caller's work
 * is all or nothing by itself; nobody is answered before the commit is on the disk.
 */
export class GroupCommit<Transaction> {
  readonly #database: DatabaseSync;
  readonly #transaction: Transaction;
  readonly #hooks: GroupCommitHooks;
  #waiting: Array<Waiting<Transaction>> = [];

  constructor(database: DatabaseSync, transaction: Transaction, hooks: GroupCommitHooks) {
    this.#database = database;
    this.#transaction = transaction;
    this.#hooks = hooks;
  }

  do<T>(work: (transaction: Transaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      this.#commit(batch);
    } catch (error) {
      if (isFull(error) && this.#hooks.makeRoom()) return this.#again(batch);
      for (const { reject } of batch) reject(isFull(error) ? new SpoolError('spool_full', 'The disk of the spool is full, and what was put aside for that is used up.', { cause: error }) : error);
    }
  }

  /** One by one: what is too large for the room that was made must not take the others with it. */
  #again(batch: ReadonlyArray<Waiting<Transaction>>): void {
    for (const one of batch) {
      try {
        this.#commit([one]);
      } catch (error) {
        one.reject(isFull(error) ? new SpoolError('spool_full', 'The disk of the spool is full.', { cause: error }) : error);
      }
    }
  }

  #commit(batch: ReadonlyArray<Waiting<Transaction>>): void {
    const takeBack = this.#hooks.mark();
    this.#database.exec('BEGIN IMMEDIATE');
    let done: Done[];
    try {
      done = batch.map((one) => this.#apart(one));
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      takeBack();
      throw error;
    }
    for (const { settle } of done) settle();
  }

  /** The work of one caller, in a savepoint: what it throws is its own affair, unless it is the disk. */
  #apart({ work, resolve, reject }: Waiting<Transaction>): Done {
    const takeBack = this.#hooks.mark();
    this.#database.exec('SAVEPOINT one');
    try {
      const value = work(this.#transaction);
      this.#database.exec('RELEASE one');
      return { settle: () => resolve(value) };
    } catch (error) {
      if (isFull(error) || !this.#database.isTransaction) throw error;
      this.#database.exec('ROLLBACK TO one; RELEASE one');
      takeBack();
      return { settle: () => reject(error) };
    }
  }
}
