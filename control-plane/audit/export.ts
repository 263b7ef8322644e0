import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { chainOf } from '@countersign/contracts/events/audit-event.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import { readExport, readHeadSize } from './repository-reading.ts';

export interface AuditExportParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One page is all that is held in memory. */
const PAGE_ROWS = 1_000;

/** The chain as a stream of lines, for whoever verifies it elsewhere. */
export class AuditExport {
  readonly #parts: AuditExportParts;

  constructor(parts: AuditExportParts) {
    this.#parts = parts;
  }

  async exportAudit({ principal, query, requestId }: Call<'exportAudit'>): Promise<Answer<'exportAudit'>> {
    const { database, clock } = this.#parts;
    const { tenantId, workspaceId } = principal;
    const chain = chainOf(tenantId, workspaceId);
    const from = query.from_seq ?? 1;
    const to = await database.forTenant(tenantId, async (tx) => {
      const size = await readHeadSize(tx, tenantId, chain);
      const last = query.to_seq ?? size;
      if (last > size || from > Math.max(last, 1)) throw new ApiError('audit_range_invalid', `The chain has ${size} sealed events; asked for were ${from} to ${last}.`);
      await appendAudit(tx, {
        at: clock.now(), type: 'audit.exported', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal), subject: { kind: 'chain', id: chain },
        data: { from_seq: from, to_seq: last, request_id: requestId },
      });
      return last;
    });
    return { status: 200, stream: (response) => void this.#stream(response, tenantId, chain, from, to) };
  }

  /** Headers first, then page by page as fast as the reader takes them. */
  async #stream(response: ServerResponse, tenantId: string, chain: string, from: number, to: number): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    try {
      for (let after = from - 1; after < to && !response.destroyed;) {
        const rows = await this.#parts.database.forTenant(tenantId, (tx) => readExport(tx, tenantId, chain, after, to, PAGE_ROWS));
        const last = rows.at(-1);
        if (last === undefined) break;
        if (!response.write(rows.map(({ text }) => `${text}\n`).join(''))) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        after = last.seq;
      }
      response.end();
    } catch (error) {
      // The status is sent. Only a broken connection tells the reader that this is not the end.
      this.#parts.log.error({ err: error, tenant_id: tenantId }, 'an export of the audit broke off');
      response.destroy();
    }
  }
}
