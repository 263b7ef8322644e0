import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { hash } from 'node:crypto';
import { auditBy } from '../../access/audit.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { changedSince, etagOf, expectedVersion } from '../../budgets/etag.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import type { Principal } from '../principal.ts';
import type { ProviderConnections } from './provider-connections.ts';
import { providerView } from './provider-view.ts';
import { deleteIdentitiesOfProvider, deleteProvider, findProvider, insertProvider, listProviders, releaseGroups, updateProvider } from './queries.ts';
import type { ProviderRow } from './queries.ts';

export interface IdentityProvidersParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly connections: ProviderConnections;
  readonly publicUrl: string;
}

const SCOPES = ['openid', 'email', 'profile'];

/** Which OpenID providers may vouch for the people of a tenant. */
export class IdentityProviders {
  readonly #parts: IdentityProvidersParts;

  constructor(parts: IdentityProvidersParts) {
    this.#parts = parts;
  }

  async listIdentityProviders({ principal }: Call<'listIdentityProviders'>): Promise<Answer<'listIdentityProviders'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<ProviderRow>(listProviders, [principal.tenantId]));
    return { status: 200, body: { items: rows.map((row) => providerView(row, this.#parts.publicUrl)) } };
  }

  async createIdentityProvider({ principal, body }: Call<'createIdentityProvider'>): Promise<Answer<'createIdentityProvider'>> {
    refuseUnlessHome(principal);
    this.#parts.connections.refuseIssuer(body.issuer);
    const { tenantId } = principal;
    const id = newId('identity_provider');
    const sealed = await this.#sealed(tenantId, id, body.client_secret);
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const made = await tx.one<ProviderRow>(insertProvider, [
        tenantId, id, body.name, body.issuer, body.client_id, sealed, scopesOf(body.scopes), body.algorithm ?? 'RS256', body.mfa_acr_values ?? [], body.allowed_email_domains ?? [],
        body.provisioning ?? 'invited', body.groups_claim ?? null, body.enabled ?? true, principal.id,
      ]);
      await this.#audit(tx, principal, made, 'created');
      return made;
    }).catch(takenName);
    return { status: 201, headers: { etag: etagOf(row.version) }, body: providerView(row, this.#parts.publicUrl) };
  }

  async updateIdentityProvider({ principal, path, body, headers }: Call<'updateIdentityProvider'>): Promise<Answer<'updateIdentityProvider'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const expected = expectedVersion(headers['if-match']);
    const sealed = await this.#sealed(tenantId, path.provider_id, body.client_secret);
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const before = await this.#find(tx, tenantId, path.provider_id);
      const after = await tx.maybeOne<ProviderRow>(updateProvider, [
        tenantId, before.id, body.name ?? before.name, body.client_secret === undefined ? before.client_secret_sealed : sealed,
        body.scopes === undefined ? before.scopes : scopesOf(body.scopes), body.algorithm ?? before.algorithm, body.mfa_acr_values ?? before.mfa_acr_values,
        body.allowed_email_domains ?? before.allowed_email_domains, body.provisioning ?? before.provisioning,
        body.groups_claim === undefined ? before.groups_claim : body.groups_claim, body.enabled ?? before.enabled, expected,
      ]);
      if (after === undefined) throw changedSince();
      await this.#audit(tx, principal, after, 'changed');
      return after;
    }).catch(takenName);
    return { status: 200, headers: { etag: etagOf(row.version) }, body: providerView(row, this.#parts.publicUrl) };
  }

  /** Whoever has no other way to sign in needs a new one; who they are stays. */
  async deleteIdentityProvider({ principal, path }: Call<'deleteIdentityProvider'>): Promise<Answer<'deleteIdentityProvider'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      const row = await this.#find(tx, tenantId, path.provider_id);
      await tx.change(deleteIdentitiesOfProvider, [tenantId, row.id]);
      await tx.change(releaseGroups, [tenantId, row.id]);
      await tx.change(deleteProvider, [tenantId, row.id]);
      await this.#audit(tx, principal, row, 'removed');
    });
    return { status: 204 };
  }

  /** Asks the provider what it says of itself, now. */
  async testIdentityProvider({ principal, path }: Call<'testIdentityProvider'>): Promise<Answer<'testIdentityProvider'>> {
    const { tenantId } = principal;
    const row = await this.#parts.database.forTenant(tenantId, (tx) => this.#find(tx, tenantId, path.provider_id));
    this.#parts.connections.forget(row.issuer);
    const body = await this.#parts.connections.with(tenantId, row, async ({ configuration, keys }) => {
      const metadata = configuration.serverMetadata();
      const algorithms = metadata.id_token_signing_alg_values_supported ?? [];
      return {
        issuer: metadata.issuer, authorization_endpoint: metadata.authorization_endpoint ?? null, token_endpoint: metadata.token_endpoint ?? null, jwks_uri: metadata.jwks_uri ?? null,
        algorithms: [...algorithms], algorithm_supported: algorithms.includes(row.algorithm), pkce_supported: metadata.code_challenge_methods_supported?.includes('S256') ?? false,
        names_issuer_in_answers: metadata.authorization_response_iss_parameter_supported === true, keys: (await keys()).keys.length,
      };
    });
    return { status: 200, body };
  }

  /** @throws ApiError `not_found` */
  async #find(tx: Transaction, tenantId: string, id: string): Promise<ProviderRow> {
    const row = await tx.maybeOne<ProviderRow>(findProvider, [tenantId, id]);
    if (row === undefined) throw new ApiError('not_found', 'There is no such identity provider.');
    return row;
  }

  async #sealed(tenantId: string, id: string, secret: string | null | undefined): Promise<Buffer | null> {
    return secret == null ? null : Buffer.from(await this.#parts.keys.seal(tenantId, 'identity', id, Buffer.from(secret)));
  }

  async #audit(tx: Transaction, principal: Principal, row: ProviderRow, change: string): Promise<void> {
    await auditBy(tx, this.#parts.clock, principal, {
      type: 'identity_provider.changed', subject: { kind: 'identity_provider', id: row.id },
      data: { change, issuer_digest: hash('sha256', row.issuer, 'hex'), enabled: row.enabled, provisioning: row.provisioning, version: row.version },
    });
  }
}

/** `openid` makes it a sign-in and not only an authorisation. */
function scopesOf(scopes: readonly string[] | undefined): string[] {
  return [...new Set(['openid', ...(scopes ?? SCOPES)])];
}

function takenName(error: unknown): never {
  if (violates(error, 'provider_name_is_unique_in_its_tenant')) throw new ApiError('name_taken', 'There is an identity provider of this name.', { cause: error });
  if (violates(error, 'issuer_and_client_are_set_up_once')) throw new ApiError('name_taken', 'This client of the issuer is set up already.', { cause: error });
  throw error;
}
