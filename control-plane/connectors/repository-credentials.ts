import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { StoredKind } from './credential-members.ts';

export const insertCredential: Statement = {
  name: 'credentials.insert',
  text: 'INSERT INTO control.credentials (tenant_id, id, name, kind, sealed, secret_ref, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7)',
};

export interface CredentialRow {
  readonly id: string;
  readonly name: string;
  readonly kind: StoredKind;
  readonly version: number;
  readonly secret_ref: string | null;
  readonly created_at: Date;
  readonly rotated_at: Date | null;
  readonly previous_until: Date | null;
  readonly used_by: Array<{ instance_id: string; name: string; as: string }>;
}

/** Those that are there, or the one that is meant ($2); of the workspace $3 and those that are nobody's in particular, or of all (null); never what is sealed. */
export const listCredentials: Statement = {
  name: 'credentials.list',
  text: `
    SELECT c.id, c.name, c.kind, c.version, c.secret_ref, c.created_at, c.rotated_at, CASE WHEN c.previous_until > clock_timestamp() THEN c.previous_until END AS previous_until,
           coalesce((SELECT jsonb_agg(jsonb_build_object('instance_id', i.id, 'name', i.name, 'as', u.place) ORDER BY i.name, u.place)
              FROM control.connector_instances i
              CROSS JOIN LATERAL (VALUES ('credential', i.credential_id), ('webhook', i.webhook_credential_id), ('shared_secret', i.shared_secret_credential_id),
                                         ('client_certificate', i.connection ->> 'client_certificate_id'), ('proxy', i.connection ->> 'proxy_credential_id')) AS u (place, credential_id)
             WHERE i.tenant_id = c.tenant_id AND u.credential_id = c.id), '[]') AS used_by
      FROM control.credentials c WHERE c.tenant_id = $1 AND c.removed_at IS NULL AND ($2::text IS NULL OR c.id = $2)
       AND ($3::text IS NULL OR c.workspace_id IS NULL OR c.workspace_id = $3) ORDER BY c.name`,
};

export const lockCredential: Statement = {
  name: 'credentials.lock',
  text: 'SELECT kind FROM control.credentials WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL FOR UPDATE',
};

/** The value before verifies for another $5 seconds; with 0 it is gone at once. */
export const rotateCredential: Statement = {
  name: 'credentials.rotate',
  text: `
    UPDATE control.credentials
       SET sealed = $3, secret_ref = $4, version = version + 1, rotated_at = clock_timestamp(),
           previous_sealed = CASE WHEN $5::int > 0 THEN sealed END, previous_secret_ref = CASE WHEN $5 > 0 THEN secret_ref END,
           previous_until = CASE WHEN $5 > 0 THEN clock_timestamp() + make_interval(secs => $5) END
     WHERE tenant_id = $1 AND id = $2`,
};

/** The row stays, so that what it was used by can be looked up; the value does not. */
export const removeCredential: Statement = {
  name: 'credentials.remove',
  text: `
    UPDATE control.credentials
       SET sealed = NULL, secret_ref = NULL, previous_sealed = NULL, previous_secret_ref = NULL, previous_until = NULL, removed_at = clock_timestamp()
     WHERE tenant_id = $1 AND id = $2`,
};
