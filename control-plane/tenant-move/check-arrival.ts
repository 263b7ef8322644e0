import { verifyAudit } from '@countersign/contracts/transparency/verify-audit.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { wholeNote } from '../audit/audit-api.ts';
import { readCheckpointKeys, readExport, readNotes } from '../audit/repository-reading.ts';
import type { CellEnd } from './cell-end.ts';
import { differing, digestRows } from './digest-rows.ts';
import type { Digests } from './digest-rows.ts';
import { TenantMoveError } from './errors.ts';
import { brokenKeys, listChains, seenByControl } from './repository-move.ts';
import type { MovedTable } from './repository-move.ts';

const PAGE_ROWS = 500;

/**
 * Looks at what arrived as if nobody had sent it: the rows are those that left, their keys hold, other tenants do not see them, and every chain is
 * computed anew up to the checkpoint that the cell before had signed.
 * @throws TenantMoveError `rows_differ`, `keys_missing`, `separation_broken`, `audit_refuted`
 */
export async function checkArrival(to: CellEnd, tenantId: string, tables: readonly MovedTable[], left: Digests, expected: ReadonlyMap<string, string>): Promise<void> {
  const arrived = await to.database.forTenant(tenantId, (tx) => digestRows(tx, tables, tenantId));
  const different = differing(left, arrived);
  if (different.length > 0) throw new TenantMoveError('rows_differ', `What arrived in ${to.cell} is not what left: ${different.join(', ')}.`);
  const broken = await to.database.forTenant(tenantId, (tx) => brokenKeys(tx, tenantId));
  if (broken.length > 0) throw new TenantMoveError('keys_missing', `Rows in ${to.cell} refer to rows that are not there: ${broken.join('; ')}.`);
  await checkSeparation(to, tenantId, tables, left);
  for (const [chain, note] of expected) await checkChain(to, tenantId, chain, note);
}

/** As the login role of the control plane, under row-level security. */
async function checkSeparation(to: CellEnd, tenantId: string, tables: readonly MovedTable[], left: Digests): Promise<void> {
  const own = await to.database.forTenant(tenantId, (tx) => seenByControl(tx, tables, tenantId));
  const foreign = await to.database.forTenant(newId('tenant'), (tx) => seenByControl(tx, tables, tenantId));
  const directory = 'control.instance_directory';
  const wrong = [...own].filter(([name, count]) => count !== left.get(name)?.rows || (name !== directory && foreign.get(name) !== 0)).map(([name]) => name);
  if (wrong.length > 0) throw new TenantMoveError('separation_broken', `In ${to.cell} the tenant does not see all of its rows, or others see some: ${wrong.join(', ')}.`);
}

async function checkChain(to: CellEnd, tenantId: string, chain: string, expected: string): Promise<void> {
  const { database } = to;
  const size = (await chainsIn(to, tenantId)).get(chain) ?? 0;
  const keys = await database.forTenant(tenantId, (tx) => readCheckpointKeys(tx, tenantId));
  async function* lines(): AsyncIterable<string> {
    for (let after = 0; after < size;) {
      const rows = await database.forTenant(tenantId, (tx) => readExport(tx, tenantId, chain, after, size, PAGE_ROWS));
      for (const { text } of rows) yield text;
      after = rows.at(-1)?.seq ?? size;
    }
  }
  const found = await verifyAudit(lines(), await notesOf(to, tenantId, chain, size), { chain, keys, witnesses: [], expected });
  if (!found.verified || found.events !== size) {
    throw new TenantMoveError('audit_refuted', `The audit of ${chain} does not hold in ${to.cell}: ${found.faults.map(({ code }) => code).join(', ') || `${found.events} of ${size} events`}.`);
  }
}

async function notesOf({ database }: CellEnd, tenantId: string, chain: string, size: number): Promise<string[]> {
  const notes: string[] = [];
  for (let after = 0, more = true; more;) {
    const rows = await database.forTenant(tenantId, (tx) => readNotes(tx, tenantId, chain, after, size, PAGE_ROWS));
    notes.push(...rows.map((row) => wholeNote(row) ?? ''));
    after = Number(rows.at(-1)?.number ?? 0);
    more = rows.length === PAGE_ROWS;
  }
  return notes;
}

async function chainsIn({ database }: CellEnd, tenantId: string): Promise<Map<string, number>> {
  const rows = await database.forTenant(tenantId, (tx) => tx.rows<{ chain: string; seq: number }>(listChains, [tenantId]));
  return new Map(rows.map(({ chain, seq }) => [chain, seq]));
}

/** The newest checkpoint of each chain in the cell that a tenant leaves: what the other one must arrive at. */
export async function newestCheckpoints(from: CellEnd, tenantId: string): Promise<Map<string, string>> {
  const newest = new Map<string, string>();
  for (const [chain, size] of await chainsIn(from, tenantId)) {
    const note = (await notesOf(from, tenantId, chain, size)).at(-1);
    if (note !== undefined) newest.set(chain, note);
  }
  return newest;
}
