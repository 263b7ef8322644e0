import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { auditBy } from '../access/audit.ts';
import { futureDate } from '../access/future-date.ts';
import { findDirectAssignment, findGroup, findSubject, findWorkspace, grantDirectRole, insertGroupRole, deleteGroupRole, listAssignments, listGroupRoles, revokeDirectRole } from './queries.ts';
import type { AssignmentRow, GroupRoleRow } from './queries.ts';
import { beginTakingAway, givableIn, heldIn, permissionsOfRole, refuseWider, refuseWithoutAdmin } from './rights.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { syncGroupRoles } from './sync-group-roles.ts';

/** Who holds which role where. Nobody grants what they do not hold, and somebody always stays to administer the tenant. */
export class Assignments {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async listRoleAssignments({ principal, query }: Call<'listRoleAssignments'>): Promise<Answer<'listRoleAssignments'>> {
    const { tenantId } = principal;
    const workspaceId = query.workspace_id ?? principal.workspaceId;
    const rows = await this.#database.forTenant(tenantId, async (tx) => {
      await heldIn(tx, principal, workspaceId);
      return tx.rows<AssignmentRow>(listAssignments, [tenantId, workspaceId, query.principal_id ?? null]);
    });
    return { status: 200, body: { items: rows.map(viewOf) } };
  }

  async grantRole({ principal, body }: Call<'grantRole'>): Promise<Answer<'grantRole'>> {
    const { tenantId } = principal;
    const workspaceId = body.workspace_id ?? principal.workspaceId;
    const expires_at = body.expires_at == null ? null : futureDate(body.expires_at, '/expires_at', this.#clock);
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      if (expires_at !== null) await beginTakingAway(tx, tenantId);
      await refuseUnlessGrantable(tx, principal, workspaceId, body.role, expires_at);
      if (await tx.maybeOne(findSubject, [tenantId, body.principal_id]) === undefined) throw new ApiError('not_found', 'There is no such principal.');
      await tx.change(grantDirectRole, [tenantId, workspaceId, body.principal_id, body.role, principal.id, expires_at]);
      // Granting again may set an end to the last admin's role.
      if (expires_at !== null) await refuseWithoutAdmin(tx, tenantId);
      await auditBy(tx, this.#clock, principal, {
        type: 'role.granted', subject: { kind: 'principal', id: body.principal_id },
        data: { role: body.role, workspace_id: workspaceId, source: 'direct', expires_at: expires_at?.toISOString() ?? null },
      });
      return tx.one<AssignmentRow>(findDirectAssignment, [tenantId, workspaceId, body.principal_id, body.role]);
    });
    return { status: 201, body: viewOf(row) };
  }

  async revokeRole({ principal, query }: Call<'revokeRole'>): Promise<Answer<'revokeRole'>> {
    const { tenantId } = principal;
    const { principal_id, role, workspace_id: workspaceId = principal.workspaceId } = query;
    await this.#database.forTenant(tenantId, async (tx) => {
      const held = await heldIn(tx, principal, workspaceId);
      if (!held.has('roles:grant')) throw new ApiError('not_found', 'There is no such workspace.');
      await beginTakingAway(tx, tenantId);
      if (await tx.change(revokeDirectRole, [tenantId, workspaceId, principal_id, role]) === 0) {
        throw new ApiError('not_found', 'They do not hold this role directly. What a group gives is changed at the group.');
      }
      await refuseWithoutAdmin(tx, tenantId);
      await auditBy(tx, this.#clock, principal, { type: 'role.revoked', subject: { kind: 'principal', id: principal_id }, data: { role, workspace_id: workspaceId, source: 'direct' } });
    });
    return { status: 204 };
  }

  async getGroupRoles({ principal, path }: Call<'getGroupRoles'>): Promise<Answer<'getGroupRoles'>> {
    const rows = await this.#database.forTenant(principal.tenantId, async (tx) => {
      await refuseUnlessGroup(tx, principal.tenantId, path.group_id);
      return tx.rows<GroupRoleRow>(listGroupRoles, [principal.tenantId, path.group_id]);
    });
    return { status: 200, body: { roles: rows.map(groupRoleView) } };
  }

  async putGroupRoles({ principal, path, body }: Call<'putGroupRoles'>): Promise<Answer<'putGroupRoles'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const rows = await this.#database.forTenant(tenantId, async (tx) => {
      await refuseUnlessGroup(tx, tenantId, path.group_id);
      await beginTakingAway(tx, tenantId);
      const before = await tx.rows<GroupRoleRow>(listGroupRoles, [tenantId, path.group_id]);
      const added = body.roles.filter((wanted) => !before.some((row) => isSame(row, wanted)));
      const removed = before.filter((row) => !body.roles.some((wanted) => isSame(row, wanted)));
      for (const { workspace_id, role } of distinct(added)) {
        await refuseUnlessGrantable(tx, principal, workspace_id, role, null);
        await tx.change(insertGroupRole, [tenantId, path.group_id, workspace_id, role, principal.id]);
        await auditBy(tx, this.#clock, principal, { type: 'role.granted', subject: { kind: 'group', id: path.group_id }, data: { role, workspace_id, source: 'direct', expires_at: null } });
      }
      for (const { workspace_id, role } of removed) {
        await tx.change(deleteGroupRole, [tenantId, path.group_id, workspace_id, role]);
        await auditBy(tx, this.#clock, principal, { type: 'role.revoked', subject: { kind: 'group', id: path.group_id }, data: { role, workspace_id, source: 'direct' } });
      }
      await syncGroupRoles(tx, tenantId, path.group_id);
      if (removed.length > 0) await refuseWithoutAdmin(tx, tenantId);
      return tx.rows<GroupRoleRow>(listGroupRoles, [tenantId, path.group_id]);
    });
    return { status: 200, body: { roles: rows.map(groupRoleView) } };
  }
}

async function refuseUnlessGrantable(tx: Transaction, principal: Call<'grantRole'>['principal'], workspaceId: string, role: string, until: Date | null): Promise<void> {
  if (!(await heldIn(tx, principal, workspaceId)).has('roles:grant') || await tx.maybeOne(findWorkspace, [principal.tenantId, workspaceId]) === undefined) throw new ApiError('not_found', 'There is no such workspace.');
  refuseWider(['roles:grant', ...await permissionsOfRole(tx, principal.tenantId, role)], await givableIn(tx, principal, workspaceId, until));
}

async function refuseUnlessGroup(tx: Transaction, tenantId: string, groupId: string): Promise<void> {
  if (await tx.maybeOne(findGroup, [tenantId, groupId]) === undefined) throw new ApiError('not_found', 'There is no such group.');
}

interface GroupRole {
  readonly workspace_id: string;
  readonly role: string;
}

function isSame(one: GroupRole, other: GroupRole): boolean {
  return one.workspace_id === other.workspace_id && one.role === other.role;
}

function distinct<Item extends GroupRole>(items: readonly Item[]): Item[] {
  return items.filter((item, index) => items.findIndex((other) => isSame(item, other)) === index);
}

function viewOf(row: AssignmentRow): components['schemas']['RoleAssignment'] {
  return { ...row, granted_at: row.granted_at.toISOString(), expires_at: row.expires_at?.toISOString() ?? null };
}

function groupRoleView({ granted_at, ...row }: GroupRoleRow): components['schemas']['GroupRole'] {
  return { ...row, granted_at: granted_at.toISOString() };
}
