import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { isId, newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { pageOf, positionOf } from '../api/page.ts';
import { insertLink } from '../identity/queries.ts';
import { linkToken, newSecret } from '../identity/tokens.ts';
import { makeTenant } from './make-tenant.ts';
import type { MadeTenant } from './make-tenant.ts';
import { homeWorkspace } from './home-workspace.ts';
import { findTenantById, listDirectory, renameTenant, setTenantState } from './queries.ts';
import type { DirectoryRow, TenantRow } from './queries.ts';
import type { QuotaCache } from './quota-cache.ts';
import { countStoredBytes, readQuotas, replaceQuotas } from './repository-quotas.ts';

type TenantEntry = components['schemas']['TenantEntry'];
type Tenant = components['schemas']['Tenant'];

/** The first administrator of a tenant may take a day to sign in. */
const LINK_MINUTES = 24 * 60;
const OPERATOR = { kind: 'system', id: 'cell-operator' } as const;

export interface CellTenantsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly quotas: QuotaCache;
  readonly region: 'us' | 'eu';
  readonly cell: string;
  readonly publicUrl: string;
}

/** The tenants of a cell, for whoever operates it. It makes them, limits them and stops serving them; what is in them it does not see. */
export class CellTenants {
  readonly #parts: CellTenantsParts;

  constructor(parts: CellTenantsParts) {
    this.#parts = parts;
  }

  async listTenants({ query }: Call<'listTenants'>): Promise<Answer<'listTenants'>> {
    const limit = query.limit ?? 50;
    const position = positionOf(query.cursor);
    const found = await this.#parts.database.forNoTenant((tx) => tx.rows<DirectoryRow>(listDirectory, [position?.at ?? null, position?.id ?? null, limit + 1]));
    const { rows, nextCursor } = pageOf(found, limit);
    return { status: 200, body: { items: rows.map(entryOf), next_cursor: nextCursor } };
  }

  async createTenant({ body }: Call<'createTenant'>): Promise<Answer<'createTenant'>> {
    const { database, region, cell, publicUrl } = this.#parts;
    if (body.region !== region) throw new ApiError('tenant_elsewhere', `This cell is in the region ${region}: make the tenant in a cell of ${body.region}.`);
    const tenantId = newId('tenant');
    const { secret, sha256 } = newSecret();
    const { tenant, made } = await database.forTenant(tenantId, async (tx) => {
      const made = await makeTenant(tx, { tenantId, slug: body.slug, name: body.name, region, cell, administrator: { displayName: body.administrator.display_name, email: body.administrator.email ?? null } });
      if (made === null) throw new ApiError('tenant_slug_taken', `The slug "${body.slug}" is taken.`);
      await tx.change(insertLink, [tenantId, sha256, made.administratorId, LINK_MINUTES]);
      await this.#audit(tx, 'tenant.created', tenantId, made, { slug: body.slug, region, cell });
      return { tenant: await describe(tx, tenantId), made };
    });
    // In the fragment, which browsers do not send: no log of a server or proxy ever holds it.
    return { status: 201, body: { ...tenant, workspace_id: made.workspaceId, sign_in_url: `${publicUrl}/sign-in#token=${linkToken(tenantId, secret)}` } };
  }

  async getTenant({ path }: Call<'getTenant'>): Promise<Answer<'getTenant'>> {
    return { status: 200, body: await this.#forTenant(path.tenant_id, (tx) => describe(tx, path.tenant_id)) };
  }

  async updateTenant({ path, body }: Call<'updateTenant'>): Promise<Answer<'updateTenant'>> {
    const id = path.tenant_id;
    const tenant = await this.#forTenant(id, async (tx) => {
      const before = await describe(tx, id);
      if (body.name !== undefined) await tx.change(renameTenant, [id, body.name]);
      if (body.state !== undefined && body.state !== before.state && await tx.change(setTenantState, [id, body.state]) === 0) {
        throw new ApiError('tenant_state', `The tenant is ${before.state}: nobody changes that by hand.`);
      }
      if (body.ceilings !== undefined) await setCeilings(tx, id, body.ceilings);
      const workspaceId = await homeWorkspace(tx, id);
      const changed = Object.keys(body).toSorted();
      await this.#audit(tx, 'tenant.changed', id, { workspaceId }, { changed, was_state: before.state, state: body.state ?? before.state, ...(body.ceilings === undefined ? {} : { ceilings: body.ceilings.map(({ name, max }) => ({ name, max })) }) });
      return describe(tx, id);
    });
    this.#parts.quotas.forget(id);
    return { status: 200, body: tenant };
  }

  #forTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (!isId('tenant', tenantId)) throw unknown();
    return this.#parts.database.forTenant(tenantId, work);
  }

  #audit(tx: Transaction, type: 'tenant.created' | 'tenant.changed', id: string, { workspaceId }: Pick<MadeTenant, 'workspaceId'>, data: AuditEvent['data']): Promise<string> {
    return appendAudit(tx, { at: this.#parts.clock.now(), type, tenant_id: id, workspace_id: workspaceId, run_id: null, actor: OPERATOR, subject: { kind: 'tenant', id }, data });
  }
}

async function setCeilings(tx: Transaction, tenantId: string, ceilings: ReadonlyArray<components['schemas']['Ceiling']>): Promise<void> {
  const repeated = ceilings.findIndex(({ name }, index) => ceilings.findIndex((other) => other.name === name) !== index);
  if (repeated >= 0) throw new ApiError('request_invalid', 'A ceiling comes twice.', { errors: [{ field: `/ceilings/${repeated}/name`, code: 'repeated', message: 'Name each ceiling once.' }] });
  await replaceQuotas(tx, tenantId, 'cell', ceilings.map(({ name, max }) => ({ name, workspace_id: '', max_value: max })), OPERATOR.id, null);
  await countStoredBytes(tx, tenantId);
}

async function describe(tx: Transaction, tenantId: string): Promise<Tenant> {
  const row = await tx.maybeOne<TenantRow>(findTenantById, [tenantId]);
  if (row === undefined) throw unknown();
  const ceilings = (await readQuotas(tx, tenantId)).filter((quota) => quota.set_for === 'cell').map(({ name, max_value }) => ({ name, max: max_value }));
  return { ...entryOf(row), name: row.name, ceilings };
}

function entryOf(row: DirectoryRow): TenantEntry {
  return {
    id: row.id, slug: row.slug, region: row.region, cell: row.cell, state: row.state, state_since: row.state_since.toISOString(), moved_to: row.moved_to, created_at: row.created_at.toISOString(),
  };
}

function unknown(): ApiError {
  return new ApiError('not_found', 'There is no such tenant in this cell.');
}
