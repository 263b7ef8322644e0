import { isPermission, OPERATION_PERMISSION, rolesWith, ROLE_PERMISSIONS, type OperationId, type Role } from '@countersign/contracts/openapi/permissions.ts';
import type { Permission } from './permission.ts';

/** Who asks: `GET /me`. Undefined until it is known. `permissions` holds what comes with roles of the tenant's own, too. */
export interface Asker {
  readonly roles: readonly Role[];
  readonly permissions?: readonly string[];
}

/**
 * Whether whoever asks holds what an operation of the API asks for, by the table that the server's policy is made of. `doing` begins the reason:
 * `Publishing` takes the role admin. The server may still refuse: it also looks at how one signed in, and whose request it is.
 */
export function mayCall(operation: OperationId, asker: Asker | undefined, doing: string): Permission {
  const need: string = OPERATION_PERMISSION[operation];
  if (!isPermission(need) || held(asker).includes(need)) return { allowed: true };
  const roles = asker?.roles ?? [];
  return { allowed: false, because: `${doing} takes the role ${inWords(rolesWith(need))}; your ${roles.length === 1 ? 'role is' : 'roles are'} ${roles.join(', ') || 'none'}.` };
}

/** The first reason against, or leave: the order is the one in which a person can do something about it. */
export function allOf(...permissions: readonly Permission[]): Permission {
  return permissions.find(({ allowed }) => !allowed) ?? { allowed: true };
}

/** `because` where `holds` does not. */
export function given(holds: boolean, because: string): Permission {
  return holds ? { allowed: true } : { allowed: false, because };
}

function held(asker: Asker | undefined): readonly string[] {
  return asker?.permissions ?? (asker?.roles ?? []).flatMap((role) => ROLE_PERMISSIONS[role]);
}

function inWords(roles: readonly Role[]): string {
  return roles.length < 2 ? roles.join('') : `${roles.slice(0, -1).join(', ')} or ${roles.at(-1)}`;
}
