import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface ProviderRow {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly client_id: string;
  /** Null: a public client, which proves itself by PKCE alone. */
  readonly client_secret_sealed: Buffer | null;
  readonly scopes: string[];
  readonly algorithm: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
  readonly mfa_acr_values: string[];
  readonly allowed_email_domains: string[];
  readonly provisioning: 'invited' | 'just_in_time';
  readonly groups_claim: string | null;
  readonly enabled: boolean;
  readonly version: number;
  readonly created_at: Date;
}

const COLUMNS = `id, name, issuer, client_id, client_secret_sealed, scopes, algorithm, mfa_acr_values, allowed_email_domains, provisioning, groups_claim, enabled, version, created_at`;

export const enabledProviders: Statement = {
  name: 'oidc.enabled_providers',
  text: 'SELECT id, name FROM control.identity_providers WHERE tenant_id = $1 AND enabled ORDER BY name, id',
};

export const listProviders: Statement = {
  name: 'oidc.list_providers',
  text: `SELECT ${COLUMNS} FROM control.identity_providers WHERE tenant_id = $1 ORDER BY name, id LIMIT 100`,
};

export const findProvider: Statement = {
  name: 'oidc.find_provider',
  text: `SELECT ${COLUMNS} FROM control.identity_providers WHERE tenant_id = $1 AND id = $2`,
};

export const insertProvider: Statement = {
  name: 'oidc.insert_provider',
  text: `
    INSERT INTO control.identity_providers (tenant_id, id, name, issuer, client_id, client_secret_sealed, scopes, algorithm, mfa_acr_values, allowed_email_domains, provisioning, groups_claim, enabled, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    RETURNING ${COLUMNS}`,
};

/** Its issuer and client never change: whoever is linked to a subject there must not become somebody else. `$12`: the version expected, or null. */
export const updateProvider: Statement = {
  name: 'oidc.update_provider',
  text: `
    UPDATE control.identity_providers
       SET name = $3, client_secret_sealed = $4, scopes = $5, algorithm = $6, mfa_acr_values = $7, allowed_email_domains = $8, provisioning = $9, groups_claim = $10, enabled = $11,
           version = version + 1
     WHERE tenant_id = $1 AND id = $2 AND ($12::int IS NULL OR version = $12)
    RETURNING ${COLUMNS}`,
};

export const deleteIdentitiesOfProvider: Statement = {
  name: 'oidc.delete_identities_of_provider',
  text: 'DELETE FROM control.external_identities WHERE tenant_id = $1 AND provider_id = $2',
};

/** Its groups, and who is in them, are for people here to change from now on. */
export const releaseGroups: Statement = {
  name: 'oidc.release_groups',
  text: `UPDATE control.groups SET source = 'local', provider_id = NULL, version = version + 1, changed_at = clock_timestamp() WHERE tenant_id = $1 AND provider_id = $2`,
};

export const deleteProvider: Statement = {
  name: 'oidc.delete_provider',
  text: 'DELETE FROM control.identity_providers WHERE tenant_id = $1 AND id = $2',
};

export interface IdentityRow {
  readonly principal_id: string;
  readonly disabled: boolean;
}

/** Who a subject is here. Counts as its use. */
export const useIdentity: Statement = {
  name: 'oidc.use_identity',
  text: `
    UPDATE control.external_identities x SET last_used_at = clock_timestamp()
      FROM control.principals p
     WHERE x.tenant_id = $1 AND x.provider_id = $2 AND x.subject = $3 AND (p.tenant_id, p.id) = (x.tenant_id, x.principal_id)
    RETURNING x.principal_id, p.disabled_at IS NOT NULL AS disabled`,
};

export const insertIdentity: Statement = {
  name: 'oidc.insert_identity',
  text: `INSERT INTO control.external_identities (tenant_id, id, provider_id, subject, principal_id, last_used_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())`,
};

/**
 * Somebody whom the directory has provisioned under this address and who has no way to sign in yet. Whoever has one stays who they are: an address
 * alone, as some provider says it, makes nobody them.
 */
export const findProvisioned: Statement = {
  name: 'oidc.find_provisioned',
  text: `
    SELECT p.id AS principal_id, p.disabled_at IS NOT NULL AS disabled FROM control.principals p
     WHERE p.tenant_id = $1 AND p.kind = 'person' AND p.email_lower = lower($2) AND p.scim_user_name IS NOT NULL
       AND NOT EXISTS (SELECT FROM control.external_identities x WHERE (x.tenant_id, x.principal_id) = (p.tenant_id, p.id))
       AND NOT EXISTS (SELECT FROM control.passkeys k WHERE (k.tenant_id, k.principal_id) = (p.tenant_id, p.id))`,
};

export const insertPerson: Statement = {
  name: 'oidc.insert_person',
  text: `INSERT INTO control.principals (tenant_id, id, kind, display_name, email) VALUES ($1, $2, 'person', $3, $4)`,
};
