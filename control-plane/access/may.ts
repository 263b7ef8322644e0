import { ROLE_PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { PermissionName, Role } from '@countersign/contracts/openapi/permissions.ts';
import type { Principal } from '../identity/principal.ts';

/** Whether a principal holds a permission in the workspace that the request acts in. For what an answer shows; who may call is decided by Access. */
export function may(principal: Principal, permission: PermissionName): boolean {
  return principal.permissions.has(permission);
}

/** What the built-in roles hold together. */
export function permissionsOf(roles: readonly Role[]): ReadonlySet<PermissionName> {
  return new Set(roles.flatMap((role) => ROLE_PERMISSIONS[role]));
}
