import { EVERY_ROLE, OPEN_TO_ANY_SCOPE, OPERATION_PERMISSION, ROLE_PERMISSIONS, SECOND_PERSON_OPERATIONS } from '../openapi/permissions.ts';
import type { OperationNeed, PermissionName, Role } from '../openapi/permissions.ts';
import { SIGN_IN_STRENGTHS } from './sign-in-strength.ts';
import type { SignInStrength } from './sign-in-strength.ts';

/** The rule of policy that says who may call an operation of the API. */
export const API_ENTRYPOINT = 'countersign/api/decision';

/** What policy is asked before an operation is carried out. */
export interface ApiInput {
  readonly operation: string;
  readonly principal: {
    readonly kind: 'person' | 'service';
    readonly roles: readonly Role[];
    /** By roles of the tenant's own. */
    readonly custom_permissions: readonly PermissionName[];
    /** Of the key or token; null: not cut. */
    readonly scopes: readonly PermissionName[] | null;
    readonly via: string;
    readonly auth_strength: string;
    /** Null where nobody signed in, and where nothing asks for it. */
    readonly sign_in_age_ms: number | null;
  };
  /** What the tenant demands of this operation's permission. */
  readonly settings: {
    readonly four_eyes: readonly PermissionName[];
    readonly min_strength: Readonly<Partial<Record<PermissionName, SignInStrength>>>;
    readonly max_sign_in_age_ms: Readonly<Partial<Record<PermissionName, number>>>;
  };
}

/** What policy says. */
export interface ApiVerdict {
  readonly allow: boolean;
  /** Why not; null where it is allowed. */
  readonly code: 'forbidden' | 'scope_missing' | 'step_up_required' | null;
  readonly require: 'second_person' | null;
}

/** The table of permissions as policy finds it at `data.api`: made from contracts/openapi/permissions.ts, so that there is one table only. */
export function apiTable(): Record<string, unknown> {
  return {
    operations: OPERATION_PERMISSION satisfies Record<string, OperationNeed>,
    roles: Object.fromEntries(EVERY_ROLE.map((role) => [role, [...ROLE_PERMISSIONS[role]]])),
    open_to_any_scope: [...OPEN_TO_ANY_SCOPE],
    second_person: [...SECOND_PERSON_OPERATIONS],
    strengths: [...SIGN_IN_STRENGTHS],
  };
}
