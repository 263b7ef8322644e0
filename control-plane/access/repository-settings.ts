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
