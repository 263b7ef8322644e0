import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface SignatureRow {
  readonly kind: 'policy_bundle' | 'checkpoint' | 'evidence' | 'evidence_package';
  readonly id: string;
  readonly at: Date;
  readonly cursor_at: string;
  readonly after_compromise: boolean;
}

/**
 * What was signed with a key ($2), newest first, from where it stands anyway: everything that is signed names its key. What was signed before it
 * did so is the first key's of its purpose ($6).
 */
export const listSignatures: Statement = {
  name: 'keys.signatures',
  text: `
    WITH signed AS (
      SELECT 'policy_bundle' AS kind, id, signed_at AS at FROM control.policy_bundles WHERE tenant_id = $1 AND (kid = $2 OR (kid IS NULL AND $6::text = 'policy_bundle'))
      UNION ALL
      SELECT 'checkpoint', id, signed_at FROM audit.checkpoints WHERE tenant_id = $1 AND kid = $2
      UNION ALL
      SELECT 'evidence', id, built_at FROM execution.evidence WHERE tenant_id = $1 AND (kid = $2 OR (kid IS NULL AND $6::text = 'evidence'))
      UNION ALL
      SELECT 'evidence_package', id, built_at FROM control.evidence_packages WHERE tenant_id = $1 AND kid = $2
    )
    SELECT kind, id, at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at,
           (at >= (SELECT compromised_since FROM control.signing_keys WHERE tenant_id = $1 AND kid = $2)) IS TRUE AS after_compromise
      FROM signed WHERE $3::timestamptz IS NULL OR (at, id) < ($3, $4::text)
     ORDER BY at DESC, id DESC LIMIT $5`,
};
