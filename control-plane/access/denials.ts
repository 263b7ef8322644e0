import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import type { Principal } from '../identity/principal.ts';
import { auditBy } from './audit.ts';

/** Tells the audit who was refused what; one event stands for many of one principal. */
export class Denials {
  readonly #parts: { readonly database: Database; readonly clock: Clock; readonly refusals: RateLimit; readonly log: Logger };

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly refusals: RateLimit; readonly log: Logger }) {
    this.#parts = parts;
  }

  /** Resolves in any case: what was refused stays refused when it cannot be written down. */
  async note(principal: Principal, operation: OperationId, code: string): Promise<void> {
    const { database, clock, refusals, log } = this.#parts;
    const allowed = refusals.take(`access/${principal.tenantId}/${principal.id}`);
    if (allowed === null) return;
    const event = { type: 'access.denied', subject: { kind: 'operation', id: operation }, data: { code, via: principal.via.kind, suppressed_count: allowed.suppressed_count } } as const;
    await database.forTenant(principal.tenantId, (tx) => auditBy(tx, clock, principal, event))
      .catch((error: unknown) => log.error({ err: error, operation }, 'a refusal could not be audited'));
  }
}
