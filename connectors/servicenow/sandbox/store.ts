import { randomBytes } from 'node:crypto';
import type { Change, ChangeLog } from './change-log.ts';
import { FileChangeLog } from './change-log.ts';

/** A record as stored: strings only, unset fields left out. */
export type Row = Readonly<Record<string, string>>;

export interface StoreOptions {
  /** Where records are kept; left out, they live in memory only. */
  dataDir?: string;
  /** What a new instance starts with. Called only when there is nothing kept yet, and by `reset`. */
  seed: () => Iterable<Change>;
  /** How many superseded transactions the file may hold before a start rewrites it, 5,000 if not given. */
  supersededLimit?: number;
}

/** The tables of the sandbox. A commit is on disk before it can be read, and before its caller is answered. */
export class RecordStore {
  readonly #tables = new Map<string, Map<string, Row>>();
  readonly #indexes = new Map<string, Map<string, Row[]>>();
  readonly #options: StoreOptions;
  #log: ChangeLog | undefined;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#open();
  }

  get(table: string, sysId: string): Row | undefined {
    return this.#tables.get(table)?.get(sysId);
  }

  /** All rows of a table, oldest first. */
  rows(table: string): Row[] {
    return [...(this.#tables.get(table)?.values() ?? [])];
  }

  count(table: string): number {
    return this.#tables.get(table)?.size ?? 0;
  }


  /** The rows of a table by the value of one field, oldest first. Built when asked for, kept until the table changes. */
  rowsWhere(table: string, field: string, value: string): readonly Row[] {
    const name = `${table}.${field}`;
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = Map.groupBy(this.rows(table), (row) => row[field] ?? '');
      this.#indexes.set(name, index);
    }
    return index.get(value) ?? [];
  }

  /** Commits all changes or none. */
  commit(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#log?.append(changes);
    this.#apply(changes);
  }

  /** Throws away every record and begins again from the seed. */
  reset(): void {
    this.#log?.close();
    this.#tables.clear();
    this.#indexes.clear();
    const seed = [...this.#options.seed()];
    if (this.#options.dataDir !== undefined) FileChangeLog.create(this.#options.dataDir, transactionsOf(seed));
    this.#open(seed);
  }

  close(): void {
    this.#log?.close();
    this.#log = undefined;
  }

  #open(seed?: readonly Change[]): void {
    const { dataDir } = this.#options;
    if (dataDir === undefined) {
      this.#apply(seed ?? [...this.#options.seed()]);
      return;
    }
    if (!FileChangeLog.exists(dataDir)) FileChangeLog.create(dataDir, transactionsOf(this.#options.seed()));
    let transactions = 0;
    this.#log = FileChangeLog.open(dataDir, (changes) => {
      this.#apply(changes);
      transactions += 1;
    });
    if (transactions - this.#size() > (this.#options.supersededLimit ?? 5_000)) this.#compact(dataDir);
  }

  /** Rewrites the file as what it amounts to, one record a line. Atomic, like the seed. */
  #compact(dataDir: string): void {
    this.#log?.close();
    FileChangeLog.create(dataDir, transactionsOf(this.#snapshot()));
    this.#log = FileChangeLog.open(dataDir, () => undefined);
  }

  #size(): number {
    return [...this.#tables.values()].reduce((sum, table) => sum + table.size, 0);
  }

  *#snapshot(): Generator<Change> {
    for (const [table, rows] of this.#tables) {
      for (const [sysId, record] of rows) yield { table, sys_id: sysId, record };
    }
  }

  #apply(changes: readonly Change[]): void {
    for (const change of changes) {
      let table = this.#tables.get(change.table);
      if (table === undefined) this.#tables.set(change.table, (table = new Map()));
      for (const name of this.#indexes.keys()) if (name.startsWith(`${change.table}.`)) this.#indexes.delete(name);
      if (change.record === null) table.delete(change.sys_id);
      else table.set(change.sys_id, change.record);
    }
  }
}

/** 32 hexadecimal digits, as ServiceNow's. */
export function newSysId(): string {
  return randomBytes(16).toString('hex');
}

function* transactionsOf(changes: Iterable<Change>): Generator<Change[]> {
  for (const change of changes) yield [change];
}
