import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { auditBy } from '../access/audit.ts';
import type { Principal } from '../identity/principal.ts';
import { clientSecret, keyedClientId, newSecret } from '../identity/tokens.ts';
import { knownPermissions } from '../roles/rights.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { etagOf, versionOf } from '../roles/role-definitions.ts';
import { findService } from './queries.ts';
import { deleteClient, findClient, insertClient, listClients, revokeTokensOf, rotateClient, updateClient } from './repository-clients.ts';
import type { ClientRow } from './repository-clients.ts';
import { refuseMoreThanOwn } from './scopes.ts';

const TTL_S = 900;
const OVERLAP_S = 86_400;

/** Programs that ask for short-lived access tokens with a secret of their own, on behalf of a service account. */
export class OauthClients {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async listOauthClients({ principal }: Call<'listOauthClients'>): Promise<Answer<'listOauthClients'>> {
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<ClientRow>(listClients, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(viewOf) } };
  }

  async createOauthClient({ principal, body }: Call<'createOauthClient'>): Promise<Answer<'createOauthClient'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const scopes = knownPermissions(body.scopes, '/scopes');
    const workspaceId = body.workspace_id ?? principal.workspaceId;
    const id = newId('oauth_client');
    const { secret, sha256 } = newSecret();
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      await refuseUnlessService(tx, tenantId, body.principal_id);
      await refuseMoreThanOwn(tx, principal, { principalId: body.principal_id, workspaceId, scopes });
      await tx.change(insertClient, [tenantId, id, body.name, body.principal_id, sha256, scopes, workspaceId, body.token_ttl_s ?? TTL_S, principal.id]);
      return this.#changed(tx, principal, id, 'created');
    });
    return { status: 201, body: { ...viewOf(row), client_secret: clientSecret(tenantId, id, secret) } };
  }

  async updateOauthClient({ principal, path, body, headers }: Call<'updateOauthClient'>): Promise<Answer<'updateOauthClient'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const scopes = body.scopes === undefined ? null : knownPermissions(body.scopes, '/scopes');
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const before = await known(tx, tenantId, path.client_id);
      if (scopes !== null) await refuseMoreThanOwn(tx, principal, { principalId: before.principal_id, workspaceId: before.workspace_id ?? principal.workspaceId, scopes });
      const values = [body.name ?? null, scopes, body.token_ttl_s ?? null, body.disabled ?? null, versionOf(headers['if-match'])];
      if (await tx.change(updateClient, [tenantId, path.client_id, ...values]) === 0) throw new ApiError('precondition_failed', 'The client was changed meanwhile. Read it again.');
      if (body.disabled === true) await tx.change(revokeTokensOf, [tenantId, path.client_id]);
      return this.#changed(tx, principal, path.client_id, 'updated');
    });
    return { status: 200, headers: { etag: etagOf(row) }, body: viewOf(row) };
  }

  async rotateOauthClient({ principal, path, body }: Call<'rotateOauthClient'>): Promise<Answer<'rotateOauthClient'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const { secret, sha256 } = newSecret();
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const before = await known(tx, tenantId, path.client_id);
      if (before.keys.length > 0) throw new ApiError('request_invalid', 'The client shows who it is by keys. Add a new one and remove the old one, or remove all of them to give it a secret.');
      // Whoever rotates sees the new secret.
      await refuseMoreThanOwn(tx, principal, { principalId: before.principal_id, workspaceId: before.workspace_id ?? principal.workspaceId, scopes: before.scopes });
      await tx.change(rotateClient, [tenantId, path.client_id, sha256, body.overlap_s ?? OVERLAP_S, principal.id]);
      return this.#changed(tx, principal, path.client_id, 'rotated');
    });
    return { status: 201, body: { ...viewOf(row), client_secret: clientSecret(tenantId, path.client_id, secret) } };
  }

  async deleteOauthClient({ principal, path }: Call<'deleteOauthClient'>): Promise<Answer<'deleteOauthClient'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    await this.#database.forTenant(tenantId, async (tx) => {
      await known(tx, tenantId, path.client_id);
      await this.#changed(tx, principal, path.client_id, 'deleted');
      await tx.change(deleteClient, [tenantId, path.client_id]);
      await tx.change(revokeTokensOf, [tenantId, path.client_id]);
    });
    return { status: 204 };
  }

  #changed(tx: Transaction, principal: Principal, id: string, change: 'created' | 'updated' | 'rotated' | 'deleted'): Promise<ClientRow> {
    return noteChange(tx, this.#clock, principal, id, change);
  }
}

/** Tells the audit, and gives the client as it is now. */
export async function noteChange(tx: Transaction, clock: Clock, principal: Principal, id: string, change: 'created' | 'updated' | 'rotated' | 'deleted' | 'key_added' | 'key_removed', kid?: string): Promise<ClientRow> {
  const row = await known(tx, principal.tenantId, id);
  await auditBy(tx, clock, principal, {
    type: 'oauth_client.changed', subject: { kind: 'oauth_client', id },
    data: { change, principal_id: row.principal_id, scopes: row.scopes, token_ttl_s: row.token_ttl_s, disabled: row.disabled_at !== null, ...(kid === undefined ? {} : { kid }) },
  });
  return row;
}

/** @throws ApiError `not_found` */
export async function known(tx: Transaction, tenantId: string, id: string): Promise<ClientRow> {
  const row = await tx.maybeOne<ClientRow>(findClient, [tenantId, id]);
  if (row === undefined) throw new ApiError('not_found', 'There is no such client.');
  return row;
}

/** Clients and federations act for service accounts, never for people. @throws ApiError `not_found` */
export async function refuseUnlessService(tx: Transaction, tenantId: string, principalId: string): Promise<void> {
  if (await tx.maybeOne(findService, [tenantId, principalId]) === undefined) throw new ApiError('not_found', 'There is no such service account.');
}

export function viewOf({ disabled_at, tenant_id, ...row }: ClientRow): components['schemas']['OauthClient'] {
  return {
    ...row, disabled: disabled_at !== null, assertion_client_id: keyedClientId({ tenantId: tenant_id, id: row.id }), created_at: row.created_at.toISOString(), last_used_at: row.last_used_at?.toISOString() ?? null, previous_until: row.previous_until?.toISOString() ?? null,
  };
}
