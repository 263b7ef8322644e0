import { setTimeout as pause } from 'node:timers/promises';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { bringToRest } from './bring-to-rest.ts';
import type { RestOptions } from './bring-to-rest.ts';
import type { CellEnd } from './cell-end.ts';
import { checkArrival, newestCheckpoints } from './check-arrival.ts';
import { differing, digestOfAll, digestRows } from './digest-rows.ts';
import { TenantMoveError } from './errors.ts';
import {
  derivedSigningKeys, findBySlug, findInDirectory, homeWorkspace, lastMove, listTables, moveFacts, objectKeys, openMove, pastTriggers, recordMove, removeRows, sealsOfBefore, secretReferences, setState,
} from './repository-move.ts';
import type { DirectoryRow, MovedTable } from './repository-move.ts';
import { transferObjects, transferRows } from './transfer.ts';

export interface MoveOptions extends RestOptions {
  readonly tenantId: string;
  readonly from: CellEnd;
  readonly to: CellEnd;
  /** Longer than any process of the source remembers that the tenant was active: see `cell/tenant-states.ts`, `loops/tenants.ts`. */
  readonly settle_ms: number;
  /** Told at each stage; a test ends the process there. */
  readonly onStage: (stage: MoveStage) => void;
  /** Says to the router where the tenant is now. */
  readonly tellRouter: (entry: { readonly tenantId: string; readonly slug: string; readonly cell: string }) => Promise<void>;
}

export type MoveStage = 'suspended' | 'at_rest' | 'frozen' | 'imported' | 'verified' | 'left' | 'arrived';

export interface Moved {
  readonly moveId: string;
  readonly rows: number;
  readonly objects: number;
  readonly digest: string;
}

/**
 * Moves a tenant to another cell of its region. Until the source says that it has left, everything can be done again or undone: the other cell has all
 * of it or nothing, and serves none of it. After that the rest is done again until it is done.
 * @throws TenantMoveError; where it can be, the tenant is served where it was
 */
export async function moveTenant(options: MoveOptions): Promise<Moved> {
  const { tenantId, from, to } = options;
  const entry = await checkedEntry(options);
  const begun = await from.database.forTenant(tenantId, (tx) => tx.maybeOne<{ id: string }>(entry.state === 'moved' ? lastMove : openMove, [tenantId, from.cell, to.cell]));
  if (entry.state === 'suspended' && begun === undefined) throw new TenantMoveError('usage', `${tenantId} is suspended, and would be served where it arrives. Make it active first.`);
  const moveId = begun?.id ?? newId('tenant_move');
  const tables = await checkedTables(from, to);
  if (entry.state === 'moved') return arrive(options, entry, moveId, tables);
  try {
    await leave(options, entry, moveId, tables);
  } catch (error) {
    await stay(options, moveId, tables);
    throw error;
  }
  return arrive(options, entry, moveId, tables);
}

/** Which secrets no move takes along: they are kept outside of both databases, and the other cell looks for them under the same names. */
export async function secretsElsewhere({ tenantId, from }: Pick<MoveOptions, 'tenantId' | 'from'>): Promise<string[]> {
  return (await from.database.forTenant(tenantId, (tx) => tx.rows<{ ref: string }>(secretReferences, [tenantId]))).map(({ ref }) => ref);
}

/** Takes back a move that has not left: the tenant is served where it was, and nothing of it is in the other cell. */
export async function abandonMove(options: Pick<MoveOptions, 'tenantId' | 'from' | 'to'>): Promise<void> {
  const { tenantId, from, to } = options;
  const entry = await entryIn(from.database, tenantId);
  if (entry?.state !== 'suspended' && entry?.state !== 'moving') throw new TenantMoveError('usage', `The tenant is ${entry?.state ?? 'not'} in ${from.cell}: there is nothing to take back.`);
  if ((await entryIn(to.database, tenantId))?.state === 'active') throw new TenantMoveError('target_occupied', `${tenantId} is active in ${to.cell}: that is not where a move of it stopped.`);
  const moveId = (await from.database.forTenant(tenantId, (tx) => tx.maybeOne<{ id: string }>(openMove, [tenantId, from.cell, to.cell])))?.id ?? newId('tenant_move');
  await stay({ tenantId, from, to }, moveId, await checkedTables(from, to));
}

/**
 * Removes what a tenant that has left still has in the cell. The entry of the directory stays: whoever asks is told where it went. Of one that was
 * deleted the rows are gone by then (`privacy/deletion-job.ts`); what the object store would not let go of is tried once more.
 */
export async function forgetMoved({ tenantId, from }: Pick<MoveOptions, 'tenantId' | 'from'>): Promise<{ readonly rows: number; readonly objects: number; readonly deleted: boolean }> {
  const entry = await entryIn(from.database, tenantId);
  if (entry?.state !== 'moved' && entry?.state !== 'deleted') throw new TenantMoveError('usage', `The tenant is ${entry?.state ?? 'not'} in ${from.cell}. Move it, or have it deleted first (docs/how-to/delete-a-tenant.md).`);
  const deleted = entry.state === 'deleted';
  const rows = deleted ? 0 : await remove(from, tenantId, await from.database.forNoTenant(listTables));
  let objects = 0;
  for await (const key of from.objects.list(`t/${tenantId}/`)) {
    // What is retained goes when its time is over, by the store's own rule.
    if (await from.objects.remove(key).then(() => true, () => false)) objects += 1;
  }
  return { rows, objects, deleted };
}

async function checkedEntry({ tenantId, from, to }: MoveOptions): Promise<DirectoryRow> {
  if (from.cell === to.cell) throw new TenantMoveError('same_cell', `Both cells are called ${from.cell}.`);
  if (from.region !== to.region) throw new TenantMoveError('regions_differ', `${from.cell} is in ${from.region} and ${to.cell} in ${to.region}. A tenant never leaves its region.`);
  const entry = await entryIn(from.database, tenantId);
  if (entry === undefined) throw new TenantMoveError('tenant_missing', `There is no tenant ${tenantId} in ${from.cell}.`);
  if (entry.region !== to.region) throw new TenantMoveError('regions_differ', `${tenantId} is pinned to ${entry.region}.`);
  if (entry.cell !== from.cell || (entry.state === 'moved' && entry.moved_to !== to.cell)) throw new TenantMoveError('tenant_in_another_cell', `${tenantId} is in ${entry.moved_to ?? entry.cell}, not in ${from.cell}.`);
  if (!['active', 'suspended', 'moving', 'moved'].includes(entry.state)) throw new TenantMoveError('tenant_missing', `${tenantId} is ${entry.state}.`);
  const there = await entryIn(to.database, tenantId);
  if (there !== undefined && there.state !== 'moving' && there.state !== 'moved' && !(entry.state === 'moved' && there.state === 'active')) throw new TenantMoveError('target_occupied', `${tenantId} is ${there.state} in ${to.cell} already.`);
  if (await to.database.forNoTenant((tx) => tx.maybeOne(findBySlug, [entry.slug, tenantId])) !== undefined) throw new TenantMoveError('target_occupied', `Another tenant is called ${entry.slug} in ${to.cell}.`);
  return entry;
}

/** The same tables of the same shape at both ends: rows are sent as they stand. */
async function checkedTables(from: CellEnd, to: CellEnd): Promise<MovedTable[]> {
  const [here, there] = [await from.database.forNoTenant(listTables), await to.database.forNoTenant(listTables)];
  if (JSON.stringify(here) !== JSON.stringify(there)) throw new TenantMoveError('schemas_differ', `${from.cell} and ${to.cell} have not the same migrations. Bring both to the same version first.`);
  return here;
}

async function leave(options: MoveOptions, entry: DirectoryRow, moveId: string, tables: readonly MovedTable[]): Promise<void> {
  const { tenantId, from, to, onStage, settle_ms } = options;
  await suspend(options, entry, moveId);
  onStage('suspended');
  await pause(settle_ms);
  await bringToRest(from, tenantId, options);
  await refuseWhatStaysBehind(from, tenantId);
  onStage('at_rest');
  await from.database.forNoTenant((tx) => tx.change(setState, [tenantId, 'moving', null]));
  await pause(settle_ms);
  onStage('frozen');

  await remove(to, tenantId, tables);
  const left = await from.database.forTenant(tenantId, (tx) => digestRows(tx, tables, tenantId));
  const expected = await newestCheckpoints(from, tenantId);
  const objects = await transferObjects(from, to, tenantId, await from.database.forTenant(tenantId, (tx) => objectKeys(tx, tenantId)));
  await transferRows(from, to, entry, tables);
  onStage('imported');

  await checkArrival(to, tenantId, tables, left, expected);
  const changed = differing(left, await from.database.forTenant(tenantId, (tx) => digestRows(tx, tables, tenantId)));
  if (changed.length > 0) throw new TenantMoveError('source_changed', `Rows changed in ${from.cell} while they were copied: ${changed.join(', ')}. Is a process of before still running there?`);
  const rows = [...left.values()].reduce((sum, table) => sum + table.rows, 0);
  const facts = [digestOfAll(left), rows, objects];
  await from.database.forTenant(tenantId, (tx) => tx.change(recordMove, [tenantId, moveId, 'verified', from.cell, to.cell, ...facts]));
  onStage('verified');
  await from.database.forNoTenant((tx) => tx.change(setState, [tenantId, 'moved', to.cell]));
  onStage('left');
}

/** The last event that the source seals says where the tenant goes. */
async function suspend({ tenantId, from, to }: MoveOptions, entry: DirectoryRow, moveId: string): Promise<void> {
  await from.database.forTenant(tenantId, async (tx) => {
    await tx.change(setState, [tenantId, 'suspended', null]);
    await tx.change(recordMove, [tenantId, moveId, 'frozen', from.cell, to.cell, null, null, null]);
    if (entry.state === 'moving') return;
    await appendAudit(tx, {
      at: new Date(), type: 'tenant.moved_out', tenant_id: tenantId, workspace_id: (await tx.one<{ id: string }>(homeWorkspace, [tenantId])).id, run_id: null,
      actor: { kind: 'system', id: 'tenant-move' }, subject: { kind: 'tenant', id: tenantId }, data: { move_id: moveId, from_cell: from.cell, to_cell: to.cell },
    });
  });
}

/** What is sealed or signed with a key that is derived from the key file of a cell cannot be opened anywhere else. */
async function refuseWhatStaysBehind(from: CellEnd, tenantId: string): Promise<void> {
  await from.database.forTenant(tenantId, async (tx) => {
    const purposes = (await tx.rows<{ purpose: string }>(derivedSigningKeys, [tenantId])).map(({ purpose }) => purpose);
    if (purposes.length > 0) throw new TenantMoveError('seals_of_before', `The tenant still signs with keys of before (${purposes.join(', ')}). Rotate them (POST /api/v1/keys/rotations), then move it.`);
    const { count } = await tx.one<{ count: number }>(sealsOfBefore, [tenantId]);
    if (count > 0) throw new TenantMoveError('seals_of_before', `${count} texts are still sealed under the key file of ${from.cell} itself. They are sealed anew in the background; try again when that is done.`);
  });
}

/** From here on the source has let go: the rest is done again until it is done. */
async function arrive({ tenantId, from, to, onStage, tellRouter }: MoveOptions, entry: DirectoryRow, moveId: string, tables: readonly MovedTable[]): Promise<Moved> {
  const facts = await from.database.forTenant(tenantId, (tx) => tx.one<{ digest: string; rows: number; objects: number }>(moveFacts, [tenantId, moveId]));
  await to.database.forTenant(tenantId, async (tx) => {
    if ((await tx.one<DirectoryRow>(findInDirectory, [tenantId])).state === 'active') return;
    await tx.change(setState, [tenantId, 'active', null]);
    await tx.change(recordMove, [tenantId, moveId, 'cut_over', from.cell, to.cell, facts.digest, facts.rows, facts.objects]);
    await appendAudit(tx, {
      at: new Date(), type: 'tenant.moved_in', tenant_id: tenantId, workspace_id: (await tx.one<{ id: string }>(homeWorkspace, [tenantId])).id, run_id: null,
      actor: { kind: 'system', id: 'tenant-move' }, subject: { kind: 'tenant', id: tenantId }, data: { move_id: moveId, from_cell: from.cell, to_cell: to.cell, digest: facts.digest, rows: facts.rows, tables: tables.length },
    });
  });
  onStage('arrived');
  await tellRouter({ tenantId, slug: entry.slug, cell: to.cell });
  await from.database.forTenant(tenantId, (tx) => tx.change(recordMove, [tenantId, moveId, 'cut_over', from.cell, to.cell, null, null, null]));
  return { moveId, rows: facts.rows, objects: facts.objects, digest: facts.digest };
}

/** As it was before: nothing there, and served here. */
async function stay({ tenantId, from, to }: Pick<MoveOptions, 'tenantId' | 'from' | 'to'>, moveId: string, tables: readonly MovedTable[]): Promise<void> {
  if ((await entryIn(from.database, tenantId))?.state === 'moved') return;
  await remove(to, tenantId, tables);
  await from.database.forTenant(tenantId, async (tx) => {
    await tx.change(recordMove, [tenantId, moveId, 'abandoned', from.cell, to.cell, null, null, null]);
    await tx.change(setState, [tenantId, 'active', null]);
  });
}

/** Every row of the tenant in a cell, in one transaction; the entry of the directory stays where it says that it has left. */
async function remove({ database }: CellEnd, tenantId: string, tables: readonly MovedTable[]): Promise<number> {
  return database.forTenant(tenantId, async (tx) => {
    await tx.change(pastTriggers);
    const rows = await removeRows(tx, tables, tenantId);
    await tx.change({ name: 'move.remove_entry', text: `DELETE FROM control.tenant_directory WHERE tenant_id = $1 AND state = 'moving'` }, [tenantId]);
    return rows;
  });
}

function entryIn(database: Database, tenantId: string): Promise<DirectoryRow | undefined> {
  return database.forNoTenant((tx) => tx.maybeOne<DirectoryRow>(findInDirectory, [tenantId]));
}
