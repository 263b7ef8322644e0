import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Loop } from '../cell/loop.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { shredTenant } from '../keyring/shredding.ts';
import { strayEvidence } from './erasure/repository-erasure.ts';
import {
  anyBody, anyHold, anySealingKey, beginDeletion, completeDeletion, countKeys, countRows, destroySigningKeys, dueDeletion, endBodies, forgetRows, leaveDirectory, leaveNameless, listForgettable, noteObjects, setDeleting,
} from './repository-deletion.ts';
import type { DeletionRow, ForgettableTable } from './repository-deletion.ts';
import { listChains } from './repository-retention.ts';
import type { ChainRow } from './repository-retention.ts';

export interface DeletionJobParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
}

const EVERY_MS = 60_000;
const BATCH = 5_000;
/** Rows that refer to one another go together. */
const ALL = 2_147_483_647;
const ACTOR = { kind: 'system', id: 'tenant-deletion' } as const;

/** Carries out what was confirmed and whose grace is over. */
export function deletionLoop(parts: DeletionJobParts): Loop {
  return new Loop({ name: 'tenant deletion', idle_ms: EVERY_MS, busy_ms: 1_000, log: parts.log }, () => forEveryTenant(parts.database, parts.log, (tenantId) => carryOutOne(parts, tenantId)));
}

/**
 * Ends a tenant: first the keys, so that from then on nothing sealed can be opened wherever copies of it are; then its objects, its rows, and what its
 * audit says. Every step may be done twice, and what a store retains is tried again until its time is over. Gives whether there was anything to do.
 */
export async function carryOutOne(parts: DeletionJobParts, tenantId: string): Promise<boolean> {
  const { database } = parts;
  const deletion = await database.forTenant(tenantId, (tx) => tx.maybeOne<DeletionRow>(dueDeletion, [tenantId]));
  if (deletion === undefined || !await begin(parts, deletion)) return false;
  await destroyKeys(parts, deletion);
  const retained = await removeObjects(parts, deletion);
  await removeRows(parts, deletion);
  const silent = await endAudit(parts, deletion);
  const done = retained === 0 && silent;
  await database.forTenant(tenantId, async (tx) => {
    await tx.change(leaveDirectory, [tenantId, done]);
    await tx.change(leaveNameless, [tenantId]);
    if (!done) return;
    await tx.change(destroySigningKeys, [tenantId]);
    await tx.change(completeDeletion, [tenantId, deletion.id]);
  });
  return true;
}

/** What was made active again, or is held by now, is not deleted. */
async function begin({ database, clock, log }: DeletionJobParts, { state, tenant_id, workspace_id, id }: DeletionRow): Promise<boolean> {
  if (state === 'carrying_out') return true;
  return database.forTenant(tenant_id, async (tx) => {
    if (await tx.maybeOne(anyHold, [tenant_id]) !== undefined || await tx.change(setDeleting, [tenant_id]) === 0) {
      log.warn({ tenant_id }, 'a tenant whose deletion is due is held, or was made active again: it is not deleted');
      return false;
    }
    await tx.change(beginDeletion, [tenant_id, id]);
    await appendAudit(tx, { at: clock.now(), type: 'tenant.deleted', tenant_id, workspace_id, run_id: null, actor: ACTOR, subject: { kind: 'tenant', id: tenant_id }, data: {} });
    return true;
  });
}

/** @throws ShreddingError while something is still sealed under the key file itself: it is sealed anew in the background first */
async function destroyKeys(parts: DeletionJobParts, { tenant_id, id }: DeletionRow): Promise<void> {
  if (await parts.database.forTenant(tenant_id, (tx) => tx.maybeOne(anySealingKey, [tenant_id])) === undefined) return;
  const destroyed = await shredTenant(tenant_id, ACTOR, parts);
  await parts.database.forTenant(tenant_id, (tx) => tx.change(countKeys, [tenant_id, id, destroyed]));
}

/** Gives how many the store retains. */
async function removeObjects({ database, objects }: DeletionJobParts, { tenant_id, id }: DeletionRow): Promise<number> {
  const retained: Date[] = [];
  const keys = await database.forTenant(tenant_id, (tx) => strayEvidence(tx, tenant_id));
  for await (const key of objects.list(`t/${tenant_id}/`)) keys.push(key);
  for (const key of keys) {
    await objects.remove(key).catch((error: unknown) => {
      if (!(error instanceof ObjectsError) || error.retainedUntil === null) throw error;
      retained.push(error.retainedUntil);
    });
  }
  const until = retained.toSorted((a, b) => b.getTime() - a.getTime())[0] ?? null;
  await database.forTenant(tenant_id, (tx) => tx.change(noteObjects, [tenant_id, id, keys.length - retained.length, retained.length, until]));
  return retained.length;
}

/** A batch at a time, those that refer to others before these. */
async function removeRows({ database }: DeletionJobParts, { tenant_id, id }: DeletionRow): Promise<void> {
  for (const tables of referringFirst(await database.forNoTenant(listForgettable))) {
    const refersToItself = tables.some(({ refers_to }) => tables.some(({ oid }) => refers_to.includes(oid)));
    const limit = refersToItself ? ALL : BATCH;
    for (let gone = limit; gone === limit;) {
      gone = await database.forTenant(tenant_id, async (tx) => {
        const rows = await forgetRows(tx, tenant_id, tables.map(({ name }) => name), limit);
        if (rows > 0) await tx.change(countRows, [tenant_id, id, rows]);
        return rows;
      });
    }
  }
}

/** Each table before those that it refers to; those that refer to one another in a circle together. No I/O. */
export function referringFirst(tables: readonly ForgettableTable[]): ForgettableTable[][] {
  const reach = new Map(tables.map(({ oid }) => [oid, reachedFrom(oid, tables)]));
  const reaches = (from: ForgettableTable, to: ForgettableTable): boolean => from === to || reach.get(from.oid)!.has(to.oid);
  const left = new Set(tables);
  const ordered: ForgettableTable[][] = [];
  while (left.size > 0) {
    const next = [...left].find((table) => [...left].every((other) => !reaches(other, table) || reaches(table, other)))!;
    const circle = [...left].filter((other) => reaches(next, other) && reaches(other, next));
    ordered.push(circle);
    for (const table of circle) left.delete(table);
  }
  return ordered;
}

function reachedFrom(oid: number, tables: readonly ForgettableTable[]): ReadonlySet<number> {
  const reached = new Set<number>();
  for (let next = [oid]; next.length > 0;) {
    next = tables.filter((table) => next.includes(table.oid)).flatMap(({ refers_to }) => refers_to).filter((to) => !reached.has(to));
    for (const to of next) reached.add(to);
  }
  return reached;
}

/** Whether nothing of before says anything any more: what no checkpoint covers yet is ended by a later turn. */
async function endAudit({ database }: DeletionJobParts, { tenant_id, began_at }: DeletionRow): Promise<boolean> {
  if (began_at === null) return false;
  for (const { chain } of await database.forTenant(tenant_id, (tx) => tx.rows<ChainRow>(listChains, [tenant_id]))) {
    while (await database.forTenant(tenant_id, (tx) => endBodies(tx, tenant_id, chain, began_at, BATCH)) === BATCH);
  }
  return await database.forTenant(tenant_id, (tx) => tx.maybeOne(anyBody, [tenant_id, began_at])) === undefined;
}
