import type { Statement } from '@countersign/platform/postgres/database.ts';

export const publishKey: Statement = {
  name: 'keys.publish',
  text: `INSERT INTO control.signing_keys (tenant_id, kid, purpose, algorithm, public_jwk, generation) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
};

/** The generation that signs now; the first where no key was published yet. */
export const signingGeneration: Statement = {
  name: 'keys.signing_generation',
  text: 'SELECT coalesce(max(generation), 1) AS generation FROM control.signing_keys WHERE tenant_id = $1 AND purpose = $2',
};

/** Bundles of before keys could rotate do not say which key they were signed with: it may be any. */
const SIGNED_BY_IT = 'b.tenant_id = k.tenant_id AND (b.kid = k.kid OR b.kid IS NULL)';

export interface KeyRow {
  readonly kid: string;
  readonly purpose: string;
  readonly algorithm: string;
  readonly public_jwk: Record<string, unknown>;
  readonly created_at: Date;
  readonly superseded_at: Date | null;
  readonly retired_at: Date | null;
  /** When the last bundle that it signed expires; null where it signed none. */
  readonly needed_until: Date | null;
}

export const listKeys: Statement = {
  name: 'keys.list',
  text: `
    SELECT k.kid, k.purpose, k.algorithm, k.public_jwk, k.created_at, k.superseded_at, k.retired_at,
           (SELECT max(b.expires_at) FROM control.policy_bundles b WHERE ${SIGNED_BY_IT}) AS needed_until
      FROM control.signing_keys k WHERE k.tenant_id = $1 ORDER BY k.purpose, k.generation DESC, k.created_at DESC, k.kid`,
};

export const supersedeKeys: Statement = {
  name: 'keys.supersede',
  text: 'UPDATE control.signing_keys SET superseded_at = clock_timestamp() WHERE tenant_id = $1 AND purpose = $2 AND superseded_at IS NULL',
};

/** Keys that sign no more and that bundles which have not expired are verified with. */
export const keysStillNeeded: Statement = {
  name: 'keys.still_needed',
  text: `
    SELECT k.kid, (SELECT max(b.expires_at) FROM control.policy_bundles b WHERE ${SIGNED_BY_IT}) AS until
      FROM control.signing_keys k WHERE k.tenant_id = $1 AND k.purpose = $2 AND k.superseded_at IS NOT NULL AND k.retired_at IS NULL`,
};

export const retireKeys: Statement = {
  name: 'keys.retire',
  text: `
    UPDATE control.signing_keys k SET retired_at = clock_timestamp()
     WHERE k.tenant_id = $1 AND k.purpose = $2 AND k.superseded_at IS NOT NULL AND k.retired_at IS NULL
       AND NOT EXISTS (SELECT FROM control.policy_bundles b WHERE ${SIGNED_BY_IT} AND b.expires_at > clock_timestamp())
    RETURNING k.kid`,
};

export const firstWorkspace: Statement = {
  name: 'keys.first_workspace',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1',
};
