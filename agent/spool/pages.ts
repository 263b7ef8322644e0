import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Held } from './bounds.ts';
import { isFull } from './errors.ts';
import { CUT_LOG } from './schema.ts';

/** 1 MiB. */
const PAGES_KEPT = 256;
const PAGES_OF_A_PIECE = 128;
const PIECES_AT_ONCE = 8;

/** The pages of the spool's file: how much of them is taken, and how the rest goes back to the disk. */
export class Pages {
  readonly #database: DatabaseSync;
  readonly #file: string;

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  held(): Held {
    const { count, free, page_bytes } = this.#counts();
    const bytes = (count - free) * page_bytes;
    return { bytes, spare_bytes: statSync(this.#file).size - bytes };
  }

  /** Works the log in and cuts it off, as far as the disk lets it. */
  cutLog(): void {
    unlessFull(() => this.#database.exec(CUT_LOG));
  }

  /** What was deleted is the disk's again, but for some that the next entries take; in pieces, because each needs some room for a moment. */
  giveBack(): void {
    for (let piece = 0; piece < PIECES_AT_ONCE && this.#counts().free > 2 * PAGES_KEPT; piece += 1) unlessFull(() => this.#database.exec(`PRAGMA incremental_vacuum(${PAGES_OF_A_PIECE})`));
  }

  #counts(): { readonly count: number; readonly free: number; readonly page_bytes: number } {
    return this.#database.prepare('SELECT page_count AS count, freelist_count AS free, page_size AS page_bytes FROM pragma_page_count, pragma_freelist_count, pragma_page_size').get() as { count: number; free: number; page_bytes: number };
  }
}

/** For what can wait until there is room. */
function unlessFull(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}
