import { createHash } from 'node:crypto';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { eachPage } from './repository-move.ts';
import type { MovedTable } from './repository-move.ts';

export interface TableDigest {
  readonly rows: number;
  /** SHA-256, hex, of the rows as text, in the order of their bytes, each with a line feed behind it. */
  readonly sha256: string;
}

export type Digests = ReadonlyMap<string, TableDigest>;

/** By whom a key is wrapped is the cell's: the rest of the row is the tenant's, and the key in it is proven by what it opens. */
const CELLS_OWN: Readonly<Record<string, readonly string[]>> = { 'control.wrapped_keys': ['kek', 'wrapped', 'rewrapped_at'] };

export async function digestRows(tx: Transaction, tables: readonly MovedTable[], tenantId: string): Promise<Digests> {
  const digests = new Map<string, TableDigest>();
  for (const table of tables) {
    const hash = createHash('sha256');
    let count = 0;
    await eachPage(tx, table, tenantId, (rows) => {
      for (const row of rows) hash.update(row).update('\n');
      count += rows.length;
    }, CELLS_OWN[table.name]);
    digests.set(table.name, { rows: count, sha256: hash.digest('hex') });
  }
  return digests;
}

/** One digest of all. */
export function digestOfAll(digests: Digests): string {
  return createHash('sha256').update([...digests].map(([name, { rows, sha256 }]) => `${name} ${rows} ${sha256}\n`).join('')).digest('hex');
}

/** The tables in which the two differ. */
export function differing(a: Digests, b: Digests): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name)?.sha256 !== b.get(name)?.sha256).toSorted();
}
