import { PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId, Role } from '@countersign/contracts/openapi/permissions.ts';

/** What the table says about somebody with these built-in roles, nothing demanded on top: what policy is held against. */
export function expectedOf(operation: OperationId, roles: readonly Role[]): boolean {
  const permission = PERMISSIONS[operation];
  return typeof permission === 'string' ? permission === 'signed_in' : permission.some((role) => roles.includes(role));
}
