import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface RefreshedRow {
  readonly version: number;
  readonly refresh_sealed: Buffer | null;
  readonly access_sealed: Buffer | null;
  readonly access_expires_at: Date | null;
  /** Whether the token has more than a minute left. */
  readonly lasts: boolean;
}

/** The row of a credential, made where there is none. A credential that was stored anew begins anew. */
const read: Statement = {
  name: 'refreshed_tokens.read',
  text: `
    INSERT INTO execution.refreshed_tokens AS t (tenant_id, credential_id, credential_version) VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, credential_id) DO UPDATE
       SET credential_version = $3, version = CASE WHEN t.credential_version = $3 THEN t.version ELSE 0 END,
           refresh_sealed = CASE WHEN t.credential_version = $3 THEN t.refresh_sealed END, access_sealed = CASE WHEN t.credential_version = $3 THEN t.access_sealed END,
           access_expires_at = CASE WHEN t.credential_version = $3 THEN t.access_expires_at END,
           asking_by = CASE WHEN t.credential_version = $3 THEN t.asking_by END, asking_until = CASE WHEN t.credential_version = $3 THEN t.asking_until END
    RETURNING version, refresh_sealed, access_sealed, access_expires_at, (access_expires_at > clock_timestamp() + interval '60 seconds') IS TRUE AS lasts`,
};

export function readRefreshed(tx: Transaction, tenantId: string, credentialId: string, credentialVersion: number): Promise<RefreshedRow> {
  return tx.one<RefreshedRow>(read, [tenantId, credentialId, credentialVersion]);
}

/** Nobody else asks the peer until then. Only where nothing came meanwhile. */
const claim: Statement = {
  name: 'refreshed_tokens.claim',
  text: `UPDATE execution.refreshed_tokens SET asking_by = $4, asking_until = clock_timestamp() + make_interval(secs => $5)
          WHERE tenant_id = $1 AND credential_id = $2 AND version = $3 AND (asking_until IS NULL OR asking_until <= clock_timestamp())`,
};

export async function claimRefresh(tx: Transaction, tenantId: string, credentialId: string, version: number, by: string, for_s: number): Promise<boolean> {
  return await tx.change(claim, [tenantId, credentialId, version, by, for_s]) === 1;
}

const keep: Statement = {
  name: 'refreshed_tokens.keep',
  text: `
    UPDATE execution.refreshed_tokens
       SET version = version + 1, refresh_sealed = coalesce($5, refresh_sealed), access_sealed = $6, access_expires_at = clock_timestamp() + make_interval(secs => $7),
           asking_by = NULL, asking_until = NULL
     WHERE tenant_id = $1 AND credential_id = $2 AND version = $3 AND asking_by = $4
    RETURNING access_expires_at`,
};

/** Undefined where somebody else has asked meanwhile. */
export async function keepRefreshed(tx: Transaction, tenantId: string, credentialId: string, version: number, by: string, tokens: { readonly refresh: Uint8Array | null; readonly access: Uint8Array; readonly expires_in_s: number }): Promise<Date | undefined> {
  return (await tx.maybeOne<{ access_expires_at: Date }>(keep, [tenantId, credentialId, version, by, tokens.refresh, tokens.access, tokens.expires_in_s]))?.access_expires_at;
}

const release: Statement = {
  name: 'refreshed_tokens.release',
  text: 'UPDATE execution.refreshed_tokens SET asking_by = NULL, asking_until = NULL WHERE tenant_id = $1 AND credential_id = $2 AND asking_by = $3',
};

export async function releaseRefresh(tx: Transaction, tenantId: string, credentialId: string, by: string): Promise<void> {
  await tx.change(release, [tenantId, credentialId, by]);
}
