import { contextOf } from '@countersign/platform/keys/unwrapped-keys.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { CellEnd } from './cell-end.ts';
import { TenantMoveError } from './errors.ts';
import { eachPage, insertDirectory, pastTriggers, rewrapKey, wrappedKeys, writeRows } from './repository-move.ts';
import type { DirectoryRow, MovedTable, WrappedRow } from './repository-move.ts';

/**
 * Writes every row of the tenant into the other cell, in one transaction there: all of them arrive or none. The keys that seal and sign are taken out
 * of their wrapping and wrapped by the other cell's root key in between; they exist unwrapped in this process only, and nowhere on a disk.
 */
export async function transferRows(from: CellEnd, to: CellEnd, entry: DirectoryRow, tables: readonly MovedTable[]): Promise<void> {
  const { tenant_id: tenantId } = entry;
  await to.database.forTenant(tenantId, async (arriving) => {
    await arriving.change(pastTriggers);
    await arriving.change(insertDirectory, [tenantId, entry.slug, entry.region, to.cell]);
    await from.database.forTenant(tenantId, async (leaving) => {
      for (const table of tables) await eachPage(leaving, table, tenantId, (rows) => writeRows(arriving, table, rows));
    });
    await rewrap(from, to, tenantId, arriving);
  });
}

async function rewrap(from: CellEnd, to: CellEnd, tenantId: string, arriving: Transaction): Promise<void> {
  for (const key of await arriving.rows<WrappedRow>(wrappedKeys, [tenantId])) {
    const kek = from.keks.get(key.kek);
    if (kek === undefined) throw new TenantMoveError('key_unknown', `A key of the tenant is wrapped by ${key.kek}, which is not among the root keys given for ${from.cell}. Give it, too.`);
    const context = contextOf({ ...key, tenant_id: tenantId });
    await arriving.change(rewrapKey, [tenantId, key.id, to.kek.id, await to.kek.wrap(context, await kek.unwrap(context, key.wrapped))]);
  }
}

const RETAINED = /(?:^|\/)(?:checkpoints|evidence|audit-segments|erasures)\//;
/** As evidence is retained where it is made. */
const RETAINED_MS = 365 * 24 * 60 * 60 * 1000;

/** Copies objects that the other cell does not have, and reads each one back. Gives how many there are. @throws TenantMoveError `objects_differ` */
export async function transferObjects(from: CellEnd, to: CellEnd, tenantId: string, named: readonly string[]): Promise<number> {
  const keys = new Set(named);
  for await (const key of from.objects.list(`t/${tenantId}/`)) keys.add(key);
  for (const key of [...keys].toSorted()) {
    const bytes = await from.objects.get(key);
    await to.objects.put(key, bytes, RETAINED.test(key) ? { retainUntil: new Date(Date.now() + RETAINED_MS) } : {});
    if (!Buffer.from(bytes).equals(await to.objects.get(key))) throw new TenantMoveError('objects_differ', `The object ${key} is not the same in ${to.cell}.`);
  }
  return keys.size;
}
