import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { changedSince, etagOf, expectedVersion } from '../budgets/etag.ts';
import { actorOf } from '../identity/principal.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { readRetention, writeRetention } from './repository-retention.ts';
import type { RetentionRow } from './repository-retention.ts';

/** How long a tenant keeps what. The sweeps of both planes read it each time; nothing here deletes. */
export class Retention {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #defaultDays: number;

  constructor({ database, clock, retention_days }: { readonly database: Database; readonly clock: Clock; readonly retention_days: number }) {
    this.#database = database;
    this.#clock = clock;
    this.#defaultDays = retention_days;
  }

  async getRetention({ principal }: Call<'getRetention'>): Promise<Answer<'getRetention'>> {
    const row = await this.#database.forTenant(principal.tenantId, (tx) => readRetention(tx, principal.tenantId));
    return { status: 200, headers: { etag: etagOf(row.version) }, body: this.#view(row) };
  }

  async putRetention({ principal, body, headers }: Call<'putRetention'>): Promise<Answer<'putRetention'>> {
    const { tenantId } = principal;
    const days = { content_days: body.content_days ?? null, operational_days: body.operational_days ?? null, audit_days: body.audit_days ?? null };
    if (days.audit_days !== null && (days.operational_days ?? 0) > days.audit_days) {
      throw new ApiError('retention_invalid', 'operational_days is more than audit_days: what is audited would be gone while its traces are still there. Lower the one or raise the other.');
    }
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const home = refuseUnlessHome(principal);
      const before = await readRetention(tx, tenantId);
      const version = await writeRetention(tx, tenantId, days, principal.id, expectedVersion(headers['if-match']));
      if (version === undefined) throw changedSince();
      await appendAudit(tx, {
        at: this.#clock.now(), type: 'retention.changed', tenant_id: tenantId, workspace_id: home, run_id: null, actor: actorOf(principal), subject: { kind: 'tenant', id: tenantId },
        data: { ...days, version, was_content_days: before.content_days, was_operational_days: before.operational_days, was_audit_days: before.audit_days },
      });
      return readRetention(tx, tenantId);
    });
    return { status: 200, headers: { etag: etagOf(row.version) }, body: this.#view(row) };
  }

  #view(row: RetentionRow): components['schemas']['Retention'] {
    return {
      content_days: row.content_days, content_default_days: this.#defaultDays, operational_days: row.operational_days, audit_days: row.audit_days,
      set_by: row.set_by, set_at: row.set_at?.toISOString() ?? null,
    };
  }
}
