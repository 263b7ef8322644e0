import { PERMISSIONS, type OperationId, type Role } from '@countersign/contracts/openapi/permissions.ts';
import type { Permission } from './permission.ts';

/**
 * Whether some role of a person lets an operation of the API be called, by the table that the server refuses by. `doing` begins the reason:
 * `Publishing` takes the role admin.
 */
export function mayCall(operation: OperationId, roles: readonly Role[], doing: string): Permission {
  const needed = PERMISSIONS[operation];
  if (typeof needed === 'string' || roles.some((role) => needed.includes(role))) return { allowed: true };
  return { allowed: false, because: `${doing} takes the role ${inWords(needed)}; your ${roles.length === 1 ? 'role is' : 'roles are'} ${roles.join(', ') || 'none'}.` };
}

/** The first reason against, or leave: the order is the one in which a person can do something about it. */
export function allOf(...permissions: readonly Permission[]): Permission {
  return permissions.find(({ allowed }) => !allowed) ?? { allowed: true };
}

/** `because` where `holds` does not. */
export function given(holds: boolean, because: string): Permission {
  return holds ? { allowed: true } : { allowed: false, because };
}

function inWords(roles: readonly Role[]): string {
  return roles.length < 2 ? roles.join('') : `${roles.slice(0, -1).join(', ')} or ${roles.at(-1)}`;
}
