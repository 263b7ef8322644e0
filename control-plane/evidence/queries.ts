import type { PackageKind } from '@countersign/contracts/evidence/statement.ts';
import type { SigningKeyRecord } from '@countersign/platform/audit/shown-keys.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface PackageRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly kind: PackageKind;
  readonly subject_id: string;
  readonly from_at: Date | null;
  readonly to_at: Date | null;
  readonly include_runs: boolean;
  readonly state: 'requested' | 'building' | 'built' | 'failed';
  readonly object_key: string | null;
  readonly sha256: string | null;
  readonly size_bytes: number | null;
  readonly kid: string | null;
  readonly runs: number | null;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly built_at: Date | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly cursor_at: string;
}

const COLUMNS = `id, workspace_id, kind, subject_id, from_at, to_at, include_runs, state, object_key, sha256, size_bytes::float8 AS size_bytes, kid, runs,
  requested_by, requested_at, built_at, error, to_char(requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at`;

export const insertPackage: Statement = {
  name: 'evidence_packages.insert',
  text: `
    INSERT INTO control.evidence_packages (tenant_id, id, workspace_id, kind, subject_id, from_at, to_at, include_runs, requested_by, state, claimed_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $10 = 'building' THEN clock_timestamp() + interval '5 minutes' END)
    RETURNING ${COLUMNS}`,
};

export const findPackage: Statement = {
  name: 'evidence_packages.find',
  text: `SELECT ${COLUMNS} FROM control.evidence_packages WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3`,
};

export const listPackages: Statement = {
  name: 'evidence_packages.list',
  text: `
    SELECT ${COLUMNS} FROM control.evidence_packages
     WHERE tenant_id = $1 AND workspace_id = $2 AND ($3::text IS NULL OR kind = $3)
       AND ($4::timestamptz IS NULL OR (requested_at, id) < ($4::timestamptz, $5))
     ORDER BY requested_at DESC, id DESC LIMIT $6`,
};

/** The oldest that nobody builds: asked for, or begun by somebody who has not come back for five minutes. */
export const claimPackage: Statement = {
  name: 'evidence_packages.claim',
  text: `
    UPDATE control.evidence_packages SET state = 'building', claimed_until = clock_timestamp() + interval '5 minutes'
     WHERE tenant_id = $1 AND id = (
       SELECT id FROM control.evidence_packages
        WHERE tenant_id = $1 AND kind IN ('approval', 'policy_release', 'period', 'tenant_move') AND (state = 'requested' OR (state = 'building' AND claimed_until < clock_timestamp()))
        ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING ${COLUMNS}`,
};

/** Packages whose contents only their maker had: whoever asked asks again. */
export const failAbandoned: Statement = {
  name: 'evidence_packages.fail_abandoned',
  text: `
    UPDATE control.evidence_packages SET state = 'failed', error = '{"code":"interrupted","message":"The cell stopped while it was built. Whoever asked for it asks again."}'
     WHERE tenant_id = $1 AND kind NOT IN ('approval', 'policy_release', 'period', 'tenant_move') AND state = 'building' AND claimed_until < clock_timestamp()`,
};

export const finishPackage: Statement = {
  name: 'evidence_packages.finish',
  text: `
    UPDATE control.evidence_packages
       SET state = 'built', object_key = $3, sha256 = $4, size_bytes = $5, kid = $6, runs = $7, built_at = clock_timestamp(), claimed_until = NULL
     WHERE tenant_id = $1 AND id = $2 AND state = 'building'`,
};

export const putBackPackage: Statement = {
  name: 'evidence_packages.put_back',
  text: `UPDATE control.evidence_packages SET state = 'requested', claimed_until = NULL WHERE tenant_id = $1 AND id = $2 AND state = 'building'`,
};

export const failPackage: Statement = {
  name: 'evidence_packages.fail',
  text: `UPDATE control.evidence_packages SET state = 'failed', error = $3, claimed_until = NULL WHERE tenant_id = $1 AND id = $2 AND state = 'building'`,
};

/** The package's own events, which it shows, too. */
export const packageEvents: Statement = {
  name: 'evidence_packages.events',
  text: `SELECT id FROM audit.events WHERE tenant_id = $1 AND chain = $2 AND type = 'evidence.package_requested' AND recorded_at >= $3::timestamptz - interval '1 minute' AND body LIKE '%"' || $4 || '"%'`,
};

export const publicKeys: Statement = {
  name: 'evidence_packages.keys',
  text: 'SELECT kid, purpose, algorithm, public_jwk, revoked_at, compromised_since FROM control.signing_keys WHERE tenant_id = $1 ORDER BY kid',
};

export type PublicKeyRow = SigningKeyRecord;

export const approvalExists: Statement = { name: 'evidence_packages.approval_exists', text: 'SELECT id FROM control.approvals WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3' };
export const releaseExists: Statement = { name: 'evidence_packages.release_exists', text: 'SELECT id FROM control.policy_releases WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3' };
/** That of another workspace shows nothing: the events of a move are in the first one's chain. */
export const moveExists: Statement = {
  name: 'evidence_packages.move_exists',
  text: `SELECT m.id FROM control.tenant_moves m
          WHERE m.tenant_id = $1 AND m.id = $3 AND $2 = (SELECT w.id FROM control.workspaces w WHERE w.tenant_id = $1 ORDER BY w.created_at, w.id LIMIT 1)`,
};
