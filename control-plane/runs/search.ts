import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { cursorOf, positionOf } from '../api/page.ts';
import { findRuns } from './repository-search.ts';
import { runSummary } from './run-view.ts';

/** Runs, newest first, and the search in them. A page costs no more than looking at so many runs, whatever is searched for. */
export class RunSearch {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listRuns({ principal, query: { limit = 50, cursor, ...filters } }: Call<'listRuns'>): Promise<Answer<'listRuns'>> {
    const { rows, lookedBackTo } = await this.#database.forTenant(principal.tenantId, (tx) => findRuns(tx, principal, filters, positionOf(cursor), limit + 1));
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    // More than fit: on from the last that is shown. Else: on from where the search has stopped looking.
    const next = rows.length > limit && last !== undefined ? { at: last.cursor_at, id: last.id } : lookedBackTo;
    return { status: 200, body: { items: page.map(runSummary), next_cursor: next === null ? null : cursorOf(next), searched_back_to: next === null ? null : timeOf(next.at) } };
  }
}

/** RFC 3339 with milliseconds, as everywhere in the API. */
function timeOf(at: string): string {
  return new Date(at).toISOString();
}
