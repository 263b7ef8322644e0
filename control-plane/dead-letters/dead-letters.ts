import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import type { Principal } from '../identity/principal.ts';
import { listDeadLetters } from './queries.ts';
import type { DeadLetterRow } from './queries.ts';

type Schemas = components['schemas'];

/** What was given up on, with everything that is known of why. */
export class DeadLetters {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listDeadLetters({ principal, query }: Call<'listDeadLetters'>): Promise<Answer<'listDeadLetters'>> {
    const limit = query.limit ?? 50;
    const after = positionOf(query.cursor);
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<DeadLetterRow>(listDeadLetters, [
      ...matching(principal, query, null), query.run_id ?? null, after?.at ?? null, after?.id ?? null, limit + 1,
    ]));
    const page = pageOf(rows, limit);
    return { status: 200, body: { items: page.rows.map(deadLetterOf), next_cursor: page.nextCursor } };
  }
}

/** The first ten parameters of the statements over dead letters. */
export function matching({ tenantId, workspaceId }: Principal, filter: Schemas['DeadLetterFilter'], ids: readonly string[] | null): unknown[] {
  return [
    tenantId, workspaceId, filter.state ?? (ids === null ? ['dead'] : ['dead', 'failed']), filter.workflow ?? null, filter.environment ?? null, filter.step ?? null,
    filter.uses ?? null, filter.code ?? null, filter.since ?? null, ids,
  ];
}

function deadLetterOf({ cursor_at: _place, ...row }: DeadLetterRow): Schemas['DeadLetter'] {
  return { ...row, died_at: row.died_at.toISOString() };
}
