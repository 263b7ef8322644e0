import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface BundleRow {
  readonly seq: string;
  readonly id: string;
  readonly scope: string;
  readonly revision: string;
  readonly digest: string;
  readonly object_key: string;
  readonly signed_at: Date;
  readonly expires_at: Date;
  readonly stale: boolean;
}

export const newestBundle: Statement = {
  name: 'policies.newest_bundle',
  text: `
    SELECT seq, id, scope, revision, digest, object_key, signed_at, expires_at, expires_at <= clock_timestamp() AS stale
      FROM control.policy_bundles WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1`,
};

/** Only one may be the next: of two publishers at once the second breaks policy_bundles_pk and gives way. */
export const insertBundle: Statement = {
  name: 'policies.insert_bundle',
  text: `INSERT INTO control.policy_bundles (tenant_id, seq, id, scope, revision, digest, object_key, signed_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

export const publishKey: Statement = {
  name: 'policies.publish_key',
  text: `INSERT INTO control.signing_keys (tenant_id, kid, purpose, algorithm, public_jwk) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
};

export interface KeyRow {
  readonly kid: string;
  readonly purpose: string;
  readonly algorithm: string;
  readonly public_jwk: Record<string, never>;
}

export const listKeys: Statement = {
  name: 'policies.list_keys',
  text: 'SELECT kid, purpose, algorithm, public_jwk FROM control.signing_keys WHERE tenant_id = $1 ORDER BY purpose, created_at DESC, kid',
};

export const firstWorkspace: Statement = {
  name: 'policies.first_workspace',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1',
};
