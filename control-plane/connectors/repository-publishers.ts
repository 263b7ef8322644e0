import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface PublisherRow {
  readonly kid: string;
  readonly name: string;
  readonly trusted_at: Date;
  readonly revoked_at: Date | null;
}

export const listPublishers: Statement = {
  name: 'publishers.list',
  text: 'SELECT kid, name, trusted_at, revoked_at FROM control.connector_publishers WHERE tenant_id = $1 ORDER BY trusted_at, kid',
};

export const trustPublisher: Statement = {
  name: 'publishers.trust',
  text: `
    INSERT INTO control.connector_publishers (tenant_id, kid, name, public_jwk, trusted_by) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, kid) DO UPDATE
       SET name = excluded.name, trusted_by = excluded.trusted_by, revoked_at = NULL,
           trusted_at = CASE WHEN connector_publishers.revoked_at IS NULL THEN connector_publishers.trusted_at ELSE clock_timestamp() END
    RETURNING kid, name, trusted_at, revoked_at`,
};

export const revokePublisher: Statement = {
  name: 'publishers.revoke',
  text: `
    UPDATE control.connector_publishers SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE tenant_id = $1 AND kid = $2
    RETURNING kid, name, trusted_at, revoked_at`,
};

export const findTrustedPublishers: Statement = {
  name: 'publishers.find_trusted',
  text: 'SELECT kid, public_jwk FROM control.connector_publishers WHERE tenant_id = $1 AND kid = ANY ($2::text[]) AND revoked_at IS NULL',
};
