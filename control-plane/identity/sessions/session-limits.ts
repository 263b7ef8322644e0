import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { auditBy } from '../../access/audit.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { changedSince, etagOf, expectedVersion } from '../../budgets/etag.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import { findSessionLimits, putSessionLimits, shortenSessions, USUAL_LIMITS } from './repository-session-limits.ts';
import type { SessionLimitsRow } from './repository-session-limits.ts';

/** How long sessions of a tenant last: unused, and in all. */
export class SessionLimits {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async getSessionLimits({ principal: { tenantId } }: Call<'getSessionLimits'>): Promise<Answer<'getSessionLimits'>> {
    return answer(await this.#database.forTenant(tenantId, (tx) => read(tx, tenantId)));
  }

  /** Shortens the sessions that there are, too: a limit that holds tomorrow protects nobody whose cookie was stolen today. */
  async putSessionLimits({ principal, body, headers }: Call<'putSessionLimits'>): Promise<Answer<'putSessionLimits'>> {
    const { tenantId } = principal;
    const [idle_ms, absolute_ms] = [body.idle_s * 1_000, body.absolute_s * 1_000];
    if (idle_ms > absolute_ms) {
      throw new ApiError('request_invalid', 'A session cannot be unused for longer than it lasts.', { errors: [{ field: '/idle_s', code: 'above_absolute', message: `Give at most absolute_s, ${body.absolute_s}.` }] });
    }
    return answer(await this.#database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      const was = await read(tx, tenantId);
      if (await tx.change(putSessionLimits, [tenantId, idle_ms, absolute_ms, principal.id, expectedVersion(headers['if-match'])]) === 0) throw changedSince();
      const count = await tx.change(shortenSessions, [tenantId, idle_ms, absolute_ms]);
      await auditBy(tx, this.#clock, principal, {
        type: 'session.limits_changed', subject: { kind: 'tenant', id: tenantId }, data: { idle_ms, absolute_ms, was_idle_ms: was.idle_ms, was_absolute_ms: was.absolute_ms, count },
      });
      return read(tx, tenantId);
    }));
  }
}

async function read(tx: Transaction, tenantId: string): Promise<SessionLimitsRow> {
  return await tx.maybeOne<SessionLimitsRow>(findSessionLimits, [tenantId]) ?? USUAL_LIMITS;
}

function answer({ idle_ms, absolute_ms, version, set_by, set_at }: SessionLimitsRow): { status: 200; headers: Record<string, string>; body: components['schemas']['SessionLimits'] } {
  return { status: 200, headers: { etag: etagOf(version) }, body: { idle_s: idle_ms / 1_000, absolute_s: absolute_ms / 1_000, version, set_by, set_at: set_at?.toISOString() ?? null } };
}
