import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { auditBy } from '../access/audit.ts';
import type { Principal } from '../identity/principal.ts';
import { knownPermissions } from '../roles/rights.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { etagOf, versionOf } from '../roles/role-definitions.ts';
import { refuseLoose } from './conditions.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { refuseUnlessService } from './oauth-clients.ts';
import { revokeTokensOf } from './repository-clients.ts';
import { deleteFederation, findFederation, insertFederation, listFederations, updateFederation } from './repository-federations.ts';
import type { FederationRow } from './repository-federations.ts';
import { refuseMoreThanOwn } from './scopes.ts';
import { checkToken } from './token-check.ts';

const TTL_S = 900;

/** Whose tokens of another issuer are exchanged for ours: a CI system then publishes without a stored key. */
export class Federations {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #keys: IssuerKeys;

  constructor({ database, clock, issuerKeys }: { readonly database: Database; readonly clock: Clock; readonly issuerKeys: IssuerKeys }) {
    this.#database = database;
    this.#clock = clock;
    this.#keys = issuerKeys;
  }

  async listFederations({ principal }: Call<'listFederations'>): Promise<Answer<'listFederations'>> {
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<FederationRow>(listFederations, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(viewOf) } };
  }

  async createFederation({ principal, body }: Call<'createFederation'>): Promise<Answer<'createFederation'>> {
    refuseUnlessHome(principal);
    refuseLoose(body.conditions);
    const { tenantId } = principal;
    const scopes = knownPermissions(body.scopes, '/scopes');
    const workspaceId = body.workspace_id ?? principal.workspaceId;
    const id = newId('federation');
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      await refuseUnlessService(tx, tenantId, body.principal_id);
      await refuseMoreThanOwn(tx, principal, { principalId: body.principal_id, workspaceId, scopes });
      await tx.change(insertFederation, [
        tenantId, id, body.name, body.issuer, body.audience, body.principal_id, JSON.stringify(body.conditions), scopes, workspaceId, body.token_ttl_s ?? TTL_S, body.enabled ?? true, principal.id,
      ]);
      return this.#changed(tx, principal, id, 'created');
    });
    return { status: 201, headers: { etag: etagOf(row) }, body: viewOf(row) };
  }

  async updateFederation({ principal, path, body, headers }: Call<'updateFederation'>): Promise<Answer<'updateFederation'>> {
    refuseUnlessHome(principal);
    if (body.conditions !== undefined) refuseLoose(body.conditions);
    const { tenantId } = principal;
    const scopes = body.scopes === undefined ? null : knownPermissions(body.scopes, '/scopes');
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const before = await known(tx, tenantId, path.federation_id);
      // Other conditions let others in: whoever loosens them must hold what they get.
      await refuseMoreThanOwn(tx, principal, { principalId: before.principal_id, workspaceId: before.workspace_id ?? principal.workspaceId, scopes: scopes ?? before.scopes });
      const values = [body.name ?? null, body.audience ?? null, body.conditions === undefined ? null : JSON.stringify(body.conditions), scopes, body.token_ttl_s ?? null, body.enabled ?? null];
      if (await tx.change(updateFederation, [tenantId, path.federation_id, ...values, versionOf(headers['if-match']), principal.id]) === 0) throw new ApiError('precondition_failed', 'The federation was changed meanwhile. Read it again.');
      if (body.enabled === false) await tx.change(revokeTokensOf, [tenantId, path.federation_id]);
      return this.#changed(tx, principal, path.federation_id, 'updated');
    });
    return { status: 200, headers: { etag: etagOf(row) }, body: viewOf(row) };
  }

  async deleteFederation({ principal, path }: Call<'deleteFederation'>): Promise<Answer<'deleteFederation'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    await this.#database.forTenant(tenantId, async (tx) => {
      await known(tx, tenantId, path.federation_id);
      await this.#changed(tx, principal, path.federation_id, 'deleted');
      await tx.change(deleteFederation, [tenantId, path.federation_id]);
      await tx.change(revokeTokensOf, [tenantId, path.federation_id]);
    });
    return { status: 204 };
  }

  /** Says what would be refused about a token, and issues nothing for it. */
  async testFederation({ principal, path, body }: Call<'testFederation'>): Promise<Answer<'testFederation'>> {
    const row = await this.#database.forTenant(principal.tenantId, (tx) => known(tx, principal.tenantId, path.federation_id));
    const checked = await checkToken(body.token, row, this.#keys);
    return { status: 200, body: 'claims' in checked ? { accepted: true, failed: [] } : { accepted: false, failed: [...checked.failed] } };
  }

  async #changed(tx: Transaction, principal: Principal, id: string, change: 'created' | 'updated' | 'deleted'): Promise<FederationRow> {
    const row = await known(tx, principal.tenantId, id);
    await auditBy(tx, this.#clock, principal, {
      type: 'federation.changed', subject: { kind: 'federation', id },
      data: { change, issuer: row.issuer, audience: row.audience, principal_id: row.principal_id, scopes: row.scopes, enabled: row.enabled, conditions: row.conditions.map((condition) => ({ ...condition })) },
    });
    return row;
  }
}

async function known(tx: Transaction, tenantId: string, id: string): Promise<FederationRow> {
  const row = await tx.maybeOne<FederationRow>(findFederation, [tenantId, id]);
  if (row === undefined) throw new ApiError('not_found', 'There is no such federation.');
  return row;
}

function viewOf(row: FederationRow): components['schemas']['Federation'] {
  return { ...row, created_at: row.created_at.toISOString(), last_used_at: row.last_used_at?.toISOString() ?? null };
}
