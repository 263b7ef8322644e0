import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { auditBy } from '../access/audit.ts';
import { insertPrincipal } from '../identity/bootstrap-queries.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { refuseOverQuota } from '../tenancy/refuse-over-quota.ts';
import { findService, listServices, updateService } from './queries.ts';
import type { ServiceRow } from './queries.ts';

/** Principals that are programs. They hold roles like people, and never vote. */
export class ServiceAccounts {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async listServiceAccounts({ principal }: Call<'listServiceAccounts'>): Promise<Answer<'listServiceAccounts'>> {
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<ServiceRow>(listServices, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(viewOf) } };
  }

  async createServiceAccount({ principal, body }: Call<'createServiceAccount'>): Promise<Answer<'createServiceAccount'>> {
    refuseUnlessHome(principal);
    const id = newId('principal');
    const row = await this.#database.forTenant(principal.tenantId, async (tx) => {
      await refuseOverQuota(tx, principal.tenantId, 'principals');
      await tx.change(insertPrincipal, [principal.tenantId, id, 'service', body.name]);
      await auditBy(tx, this.#clock, principal, { type: 'principal.created', subject: { kind: 'principal', id }, data: { source: 'api', kind: 'service' } });
      return tx.one<ServiceRow>(findService, [principal.tenantId, id]);
    });
    return { status: 201, body: viewOf(row) };
  }

  async updateServiceAccount({ principal, path, body }: Call<'updateServiceAccount'>): Promise<Answer<'updateServiceAccount'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const before = await tx.maybeOne<ServiceRow>(findService, [tenantId, path.principal_id]);
      if (before === undefined) throw new ApiError('not_found', 'There is no such service account.');
      await tx.change(updateService, [tenantId, path.principal_id, body.name ?? null, body.disabled ?? null]);
      const after = await tx.one<ServiceRow>(findService, [tenantId, path.principal_id]);
      const wasDisabled = before.disabled_at !== null;
      const isDisabled = after.disabled_at !== null;
      const type = wasDisabled === isDisabled ? 'principal.changed' : isDisabled ? 'principal.disabled' : 'principal.enabled';
      await auditBy(tx, this.#clock, principal, { type, subject: { kind: 'principal', id: path.principal_id }, data: { source: 'api' } });
      return after;
    });
    return { status: 200, body: viewOf(row) };
  }
}

function viewOf({ disabled_at, created_at, ...row }: ServiceRow): components['schemas']['ServiceAccount'] {
  return { ...row, disabled: disabled_at !== null, created_at: created_at.toISOString() };
}
