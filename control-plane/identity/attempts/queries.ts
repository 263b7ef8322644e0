import type { Statement } from '@countersign/platform/postgres/database.ts';

export const insertAttempt: Statement = {
  name: 'attempts.insert',
  text: `
    INSERT INTO control.sign_in_attempts (tenant_id, id, kind, state_sha256, browser_sha256, sealed, provider_id, principal_id, invitation_sha256, return_to, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + interval '10 minutes')`,
};

export interface AttemptRow {
  readonly id: string;
  readonly sealed: Buffer;
  readonly provider_id: string | null;
  readonly principal_id: string | null;
  readonly invitation_sha256: string | null;
  readonly return_to: string;
}

/** Uses an attempt up: one statement, so that of two requests with one state only one goes on. The browser must be the one that began it. */
export const takeAttempt: Statement = {
  name: 'attempts.take',
  text: `
    UPDATE control.sign_in_attempts SET used_at = clock_timestamp()
     WHERE tenant_id = $1 AND kind = $2 AND state_sha256 = $3 AND browser_sha256 = $4 AND used_at IS NULL AND expires_at > clock_timestamp()
    RETURNING id, sealed, provider_id, principal_id, invitation_sha256, return_to`,
};

export const forgetAttempts: Statement = {
  name: 'attempts.forget',
  text: `DELETE FROM control.sign_in_attempts WHERE tenant_id = $1 AND expires_at < clock_timestamp() - interval '1 hour'`,
};
