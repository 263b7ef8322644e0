import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Position } from '../api/page.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { opaEvent } from './decision-view.ts';
import { assertPeriod } from './decisions.ts';
import { exportPage, filterValues, findDecision } from './queries.ts';
import type { LogFilter, LogRow } from './queries.ts';

export interface ExportParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One page is all that is held in memory. */
const PAGE_ROWS = 500;
/** Longer than a decision's transaction takes: what is older and not there yet will never be. */
const SETTLE_S = 5;

/** The decision log as a stream of OPA's decision-log events, for whoever keeps them elsewhere. */
export class DecisionExport {
  readonly #parts: ExportParts;

  constructor(parts: ExportParts) {
    this.#parts = parts;
  }

  async exportDecisions({ principal, query, requestId }: Call<'exportDecisions'>): Promise<Answer<'exportDecisions'>> {
    assertPeriod(query);
    const after = query.after === undefined ? null : await this.#positionOf(principal, query.after);
    await this.#audit(principal, query, requestId);
    const max = query.max ?? 100_000;
    return { status: 200, stream: (response) => void this.#stream(response, principal, query, after, max) };
  }

  /** Headers first, then page by page as fast as the reader takes them. */
  async #stream(response: ServerResponse, principal: Principal, filter: LogFilter, after: Position | null, max: number): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    try {
      let position = after;
      for (let left = max; left > 0 && !response.destroyed;) {
        const rows = await this.#page(principal, filter, position, Math.min(left, PAGE_ROWS));
        const last = rows.at(-1);
        if (last === undefined) break;
        const lines = rows.map((row) => `${JSON.stringify(opaEvent(row, principal.tenantId))}\n`).join('');
        if (!response.write(lines)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        position = { at: last.cursor_at, id: last.id };
        left -= rows.length;
      }
      response.end();
    } catch (error) {
      // The status is sent. Only a broken connection tells the reader that this is not the end; it goes on with `after`.
      this.#parts.log.error({ err: error, tenant_id: principal.tenantId }, 'an export of decisions broke off');
      response.destroy();
    }
  }

  #page({ tenantId, workspaceId }: Principal, filter: LogFilter, after: Position | null, limit: number): Promise<LogRow[]> {
    return this.#parts.database.forTenant(tenantId, (tx) => tx.rows<LogRow>(exportPage, [...filterValues(tenantId, workspaceId, filter), SETTLE_S, after?.at ?? null, after?.id ?? null, limit]));
  }

  async #positionOf({ tenantId, workspaceId }: Principal, id: string): Promise<Position> {
    const row = await this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<LogRow>(findDecision, [tenantId, workspaceId, id]));
    if (row !== undefined) return { at: row.cursor_at, id: row.id };
    throw new ApiError('request_invalid', 'There is no such decision to go on after.', { errors: [{ field: '/query/after', code: 'unknown', message: 'Send the `decision_id` of the last line that you have, or leave it out.' }] });
  }

  async #audit(principal: Principal, query: Call<'exportDecisions'>['query'], requestId: string): Promise<void> {
    const { tenantId, workspaceId } = principal;
    const { environment, from, to, after } = query;
    await this.#parts.database.forTenant(tenantId, (tx) => appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'decisions.exported', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal),
      subject: { kind: 'workspace', id: workspaceId }, data: { environment: environment ?? null, from: from ?? null, to: to ?? null, after: after ?? null, request_id: requestId },
    }));
  }
}
