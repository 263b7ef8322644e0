import type { Statement } from '@countersign/platform/postgres/database.ts';

export const publishKey: Statement = {
  name: 'keys.publish',
  text: `INSERT INTO control.signing_keys (tenant_id, kid, purpose, algorithm, public_jwk, generation, not_before)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7)) ON CONFLICT DO NOTHING`,
};

/** The newest generation of a purpose, whether it signs already or not; none where no key was published yet. */
export const newestGeneration: Statement = {
  name: 'keys.newest_generation',
  text: `SELECT kid, generation, (not_before > clock_timestamp()) IS TRUE AS is_upcoming FROM control.signing_keys
          WHERE tenant_id = $1 AND purpose = $2 ORDER BY generation DESC LIMIT 1`,
};

export interface NewestGeneration {
  readonly kid: string;
  readonly generation: number;
  readonly is_upcoming: boolean;
}

/** Bundles of before keys could rotate do not say which key they were signed with: it may be any. */
const SIGNED_BY_IT = `k.purpose = 'policy_bundle' AND b.tenant_id = k.tenant_id AND (b.kid = k.kid OR b.kid IS NULL)`;

export interface KeyRow {
  readonly kid: string;
  readonly purpose: string;
  readonly algorithm: string;
  readonly public_jwk: Record<string, unknown>;
  readonly created_at: Date;
  readonly not_before: Date | null;
  readonly superseded_at: Date | null;
  readonly retired_at: Date | null;
  readonly revoked_at: Date | null;
  readonly compromised_since: Date | null;
  /** When the last bundle that it signed expires; null where it signed none. */
  readonly needed_until: Date | null;
  readonly state: 'upcoming' | 'signing' | 'verifying' | 'retired' | 'revoked';
}

/** The state is by the same rule as who signs (`platform/keys/signer-now.ts`). */
export const listKeys: Statement = {
  name: 'keys.list',
  text: `
    WITH signing AS (
      SELECT purpose, max(generation) AS generation FROM control.signing_keys
       WHERE tenant_id = $1 AND revoked_at IS NULL AND retired_at IS NULL AND (not_before IS NULL OR not_before <= clock_timestamp()) GROUP BY purpose
    )
    SELECT k.kid, k.purpose, k.algorithm, k.public_jwk, k.created_at, k.not_before, k.superseded_at, k.retired_at, k.revoked_at, k.compromised_since,
           (SELECT max(b.expires_at) FROM control.policy_bundles b WHERE ${SIGNED_BY_IT}) AS needed_until,
           CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.retired_at IS NOT NULL THEN 'retired' WHEN k.generation = s.generation THEN 'signing'
                WHEN k.not_before > clock_timestamp() THEN 'upcoming' ELSE 'verifying' END AS state
      FROM control.signing_keys k LEFT JOIN signing s ON s.purpose = k.purpose
     WHERE k.tenant_id = $1 ORDER BY k.purpose, k.generation DESC, k.created_at DESC, k.kid`,
};

export const supersedeKeys: Statement = {
  name: 'keys.supersede',
  text: `UPDATE control.signing_keys SET superseded_at = clock_timestamp() + make_interval(secs => $4)
          WHERE tenant_id = $1 AND purpose = $2 AND generation < $3 AND (superseded_at IS NULL OR superseded_at > clock_timestamp())`,
};

/** Keys that sign no more and that bundles which have not expired are verified with. */
export const keysStillNeeded: Statement = {
  name: 'keys.still_needed',
  text: `
    SELECT k.kid, (SELECT max(b.expires_at) FROM control.policy_bundles b WHERE ${SIGNED_BY_IT}) AS until
      FROM control.signing_keys k WHERE k.tenant_id = $1 AND k.purpose = 'policy_bundle' AND k.superseded_at IS NOT NULL AND k.retired_at IS NULL`,
};

/** Of bundles alone: what the other keys signed is verified for as long as there is a copy of it. */
export const retireKeys: Statement = {
  name: 'keys.retire',
  text: `
    UPDATE control.signing_keys k SET retired_at = clock_timestamp()
     WHERE k.tenant_id = $1 AND k.purpose = 'policy_bundle' AND k.superseded_at IS NOT NULL AND k.retired_at IS NULL
       AND NOT EXISTS (SELECT FROM control.policy_bundles b WHERE ${SIGNED_BY_IT} AND b.expires_at > clock_timestamp())
    RETURNING k.kid`,
};

export interface RevocableKey {
  readonly kid: string;
  readonly purpose: 'policy_bundle' | 'checkpoint' | 'evidence' | 'webhook' | 'work_order' | 'agent_release';
  readonly generation: number;
  readonly retired_at: Date | null;
  readonly revoked_at: Date | null;
}

export const findKey: Statement = {
  name: 'keys.find',
  text: 'SELECT kid, purpose, generation, retired_at, revoked_at FROM control.signing_keys WHERE tenant_id = $1 AND kid = $2 FOR UPDATE',
};

/** Bundles that it signed are refused from now on; nothing is signed with it again. */
export const revokeKey: Statement = {
  name: 'keys.revoke',
  text: `
    UPDATE control.signing_keys
       SET revoked_at = clock_timestamp(), revoked_by = $3, revoke_reason_digest = $4, compromised_since = $5,
           superseded_at = least(superseded_at, clock_timestamp()), retired_at = CASE WHEN purpose = 'policy_bundle' THEN clock_timestamp() ELSE retired_at END
     WHERE tenant_id = $1 AND kid = $2`,
};

/** The private half is destroyed: whoever took a copy has one, we need none. */
export const destroyPrivateHalf: Statement = {
  name: 'keys.destroy_private_half',
  text: `UPDATE control.wrapped_keys SET wrapped = NULL, shredded_at = clock_timestamp(), superseded_at = coalesce(superseded_at, clock_timestamp())
          WHERE tenant_id = $1 AND kind = 'sign' AND purpose = $2 AND generation = $3 AND wrapped IS NOT NULL`,
};

export const firstWorkspace: Statement = {
  name: 'keys.first_workspace',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1',
};

export const listWorkspaceIds: Statement = {
  name: 'keys.workspaces',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id',
};
