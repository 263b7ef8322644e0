import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { listEvents } from './queries.ts';
import type { SealedEventRow } from './queries.ts';

/** The sealed chain of the caller's workspace. Pending events are not shown: they have no place yet. */
export class AuditApi {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listAuditEvents({ principal, query }: Call<'listAuditEvents'>): Promise<Answer<'listAuditEvents'>> {
    const limit = query.limit ?? 50;
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<SealedEventRow>(listEvents, [
      principal.tenantId, chainOf(principal.tenantId, principal.workspaceId), seqOf(query.cursor), query.run_id ?? null, query.type ?? null, limit + 1,
    ]));
    const page = rows.slice(0, limit);
    const items = page.map((row) => ({ seq: Number(row.seq), hash: row.hash, prev_hash: row.prev_hash, event: JSON.parse(row.body) as Record<string, never> }));
    return { status: 200, body: { items, next_cursor: rows.length > limit ? page.at(-1)?.seq ?? null : null } };
  }
}

/** The cursor is the sequence number of the last event that was read. */
function seqOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (!/^[1-9]\d{0,17}$/.test(cursor)) {
    throw new ApiError('request_invalid', 'The cursor is not one that this API gave.', {
      errors: [{ field: '/query/cursor', code: 'cursor_invalid', message: 'Use `next_cursor` of the page before, unchanged, or leave it out.' }],
    });
  }
  return cursor;
}
