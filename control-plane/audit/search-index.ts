import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { chainsBehindSearch, readUnindexed, storeSearch } from './repository-search.ts';
import type { SearchRow } from './repository-search.ts';

const AT_ONCE = 1_000;

/** Makes sealed events of the tenant findable, up to 1,000 of each chain. Gives whether there were any. */
export async function indexTenant(database: Database, tenantId: string): Promise<boolean> {
  const chains = await database.forTenant(tenantId, (tx) => chainsBehindSearch(tx, tenantId));
  for (const chain of chains) {
    await database.forTenant(tenantId, async (tx) => {
      const { upTo, events } = await readUnindexed(tx, tenantId, chain, AT_ONCE);
      await storeSearch(tx, tenantId, chain, upTo, events.flatMap(({ seq, type, body }) => (body === null ? [] : [rowOf(seq, type, body)])));
    });
  }
  return chains.length > 0;
}

function rowOf(seq: string, type: string, body: string): SearchRow {
  const { at, actor, subject } = JSON.parse(body) as AuditEvent;
  return { seq, type, at, actorId: textOf(actor.id), subjectKind: textOf(subject.kind), subjectId: textOf(subject.id) };
}

/** PostgreSQL holds no NUL in a text. */
function textOf(text: string): string {
  return text.replaceAll('\0', '');
}
