import { EVERY_ROLE, PERMISSION_NAMES, ROLE_PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { PermissionName, Role } from '@countersign/contracts/openapi/permissions.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { permissionsOf } from '../access/may.ts';
import type { Principal } from '../identity/principal.ts';
import { findLastingMembership, findMembershipIn } from '../identity/queries.ts';
import type { MembershipRow } from '../identity/queries.ts';
import { countAdmins, findCustomRole, lockTenant } from './queries.ts';
import type { CustomRoleRow } from './queries.ts';

/** What a principal holds in a workspace at this moment; nothing where the workspace or the principal is not there. */
async function rightsIn(tx: Transaction, tenantId: string, principalId: string, workspaceId: string): Promise<ReadonlySet<PermissionName>> {
  const row = await tx.maybeOne<MembershipRow>(findMembershipIn, [tenantId, principalId, workspaceId, null]);
  return row === undefined ? new Set() : new Set([...permissionsOf(row.roles), ...row.custom_permissions]);
}

/**
 * What `principal` holds in `workspaceId` now: there their own rights; from the home workspace, whoever rules the tenant rules it.
 *
 * @throws ApiError `not_found` for a workspace in which they hold nothing
 */
export async function heldIn(tx: Transaction, principal: Principal, workspaceId: string): Promise<ReadonlySet<PermissionName>> {
  if (workspaceId === principal.workspaceId || principal.isInHomeWorkspace) return principal.permissions;
  const rights = await rightsIn(tx, principal.tenantId, principal.id, workspaceId);
  const cut = new Set([...rights].filter((name) => principal.scopes === null || principal.scopes.includes(name)));
  if (cut.size === 0) throw new ApiError('not_found', 'There is no such workspace.');
  return cut;
}

/**
 * What of that `principal` may give away until `until` (null: for good). Who holds something for a while, as by break-glass, makes nobody hold it for
 * longer, nor themselves.
 *
 * @throws ApiError `not_found` for a workspace in which they hold nothing
 */
export async function givableIn(tx: Transaction, principal: Principal, workspaceId: string, until: Date | null = null): Promise<ReadonlySet<PermissionName>> {
  const held = await heldIn(tx, principal, workspaceId);
  const ruling = principal.isInHomeWorkspace ? principal.workspaceId : workspaceId;
  const lasting = await lastingRights(tx, principal.tenantId, principal.id, ruling, until);
  return new Set([...held].filter((name) => lasting.has(name)));
}

/** What a principal holds in a workspace by roles that do not end before `until`; null: that do not end. */
export async function lastingRights(tx: Transaction, tenantId: string, principalId: string, workspaceId: string, until: Date | null): Promise<ReadonlySet<PermissionName>> {
  const row = await tx.maybeOne<MembershipRow>(findLastingMembership, [tenantId, principalId, workspaceId, until]);
  return row === undefined ? new Set() : new Set([...permissionsOf(row.roles), ...row.custom_permissions]);
}

/** What a role holds, built in or the tenant's own. @throws ApiError `role_unknown` */
export async function permissionsOfRole(tx: Transaction, tenantId: string, role: string): Promise<readonly PermissionName[]> {
  if ((EVERY_ROLE as readonly string[]).includes(role)) return ROLE_PERMISSIONS[role as Role];
  const row = await tx.maybeOne<CustomRoleRow>(findCustomRole, [tenantId, role]);
  if (row === undefined) throw new ApiError('role_unknown', 'There is no such role.', { errors: [{ field: '/role', code: 'unknown', message: `Give one of ${EVERY_ROLE.join(', ')}, or the id of a role of your own.` }] });
  return row.permissions;
}

/** @throws ApiError `scope_unknown` */
export function knownPermissions(names: readonly string[], field: string): PermissionName[] {
  const unknown = names.findIndex((name) => !(PERMISSION_NAMES as readonly string[]).includes(name));
  if (unknown >= 0) throw new ApiError('scope_unknown', `There is no permission "${names[unknown]}".`, { errors: [{ field: `${field}/${unknown}`, code: 'unknown', message: 'See GET /api/v1/permissions.' }] });
  return [...new Set(names as readonly PermissionName[])];
}

/** Nobody gives what they do not hold. @throws ApiError `scope_too_wide` */
export function refuseWider(wanted: Iterable<PermissionName>, held: ReadonlySet<PermissionName>): void {
  const missing = [...wanted].filter((name) => !held.has(name));
  if (missing.length > 0) throw new ApiError('scope_too_wide', `You do not hold ${missing.join(', ')} yourself, or not for as long.`);
}

/** Call it before what may take an admin away: of two such changes one waits for the other. */
export async function beginTakingAway(tx: Transaction, tenantId: string): Promise<void> {
  await tx.one(lockTenant, [tenantId]);
}

/** Call it after. @throws ApiError `last_admin`, which undoes the change, where no person would be left to administer the tenant for good */
export async function refuseWithoutAdmin(tx: Transaction, tenantId: string): Promise<void> {
  const { admins } = await tx.one<{ admins: number }>(countAdmins, [tenantId]);
  if (admins === 0) throw new ApiError('last_admin', 'Nobody would be left with the role admin in the home workspace.');
}
