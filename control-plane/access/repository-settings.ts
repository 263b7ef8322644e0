import type { Statement } from '@countersign/platform/postgres/database.ts';
import type { PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import type { SignInStrength } from '@countersign/contracts/policy/sign-in-strength.ts';

export interface SettingsRow {
  readonly four_eyes: PermissionName[];
  readonly min_strength: Partial<Record<PermissionName, SignInStrength>>;
  readonly max_sign_in_age_ms: Partial<Record<PermissionName, number>>;
  readonly break_glass_roles: string[];
  readonly break_glass_max_ms: string;
  readonly version: number;
}

export const findSettings: Statement = {
  name: 'access.find_settings',
  text: `SELECT four_eyes, min_strength, max_sign_in_age_ms, break_glass_roles, break_glass_max_ms, version FROM control.authorization_settings WHERE tenant_id = $1`,
};

/** Another person than $3 who may decide about changes in $2 for good, by one of the roles $4 or a role of the tenant's own. */
export const anotherDecider: Statement = {
  name: 'access.another_decider',
  text: `
    SELECT FROM control.role_assignments r
      JOIN control.principals p ON (p.tenant_id, p.id) = (r.tenant_id, r.principal_id) AND p.kind = 'person' AND p.disabled_at IS NULL
      LEFT JOIN control.custom_roles c ON (c.tenant_id, c.id) = (r.tenant_id, r.role) AND c.archived_at IS NULL
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.principal_id <> $3 AND r.expires_at IS NULL AND (r.role = ANY ($4) OR 'changes:decide' = ANY (c.permissions))
     LIMIT 1`,
};

/** $8 is the version that was read, or null for whatever there is; 0 where there was none. */
export const putSettings: Statement = {
  name: 'access.put_settings',
  text: `
    INSERT INTO control.authorization_settings AS s (tenant_id, four_eyes, min_strength, max_sign_in_age_ms, break_glass_roles, break_glass_max_ms, set_by)
    SELECT $1, $2, $3, $4, $5, $6, $7 WHERE coalesce($8::int, 0) = 0 OR EXISTS (SELECT FROM control.authorization_settings WHERE tenant_id = $1)
    ON CONFLICT (tenant_id) DO UPDATE SET four_eyes = EXCLUDED.four_eyes, min_strength = EXCLUDED.min_strength, max_sign_in_age_ms = EXCLUDED.max_sign_in_age_ms,
      break_glass_roles = EXCLUDED.break_glass_roles, break_glass_max_ms = EXCLUDED.break_glass_max_ms, set_by = EXCLUDED.set_by, set_at = clock_timestamp(), version = s.version + 1
      WHERE $8::int IS NULL OR s.version = $8`,
};
