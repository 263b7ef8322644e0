import { EVERY_ROLE, ROLE_PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { auditBy } from '../access/audit.ts';
import type { Principal } from '../identity/principal.ts';
import { archiveCustomRole, findCustomRole, insertCustomRole, listCustomRoles, updateCustomRole } from './queries.ts';
import type { CustomRoleRow } from './queries.ts';
import { givableIn, knownPermissions, refuseWider } from './rights.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';

type RoleDefinition = components['schemas']['RoleDefinition'];

/** The roles there are: seven that are built in, and a tenant's own. Nobody makes one that holds more than they do. */
export class RoleDefinitions {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async listRoles({ principal }: Call<'listRoles'>): Promise<Answer<'listRoles'>> {
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<CustomRoleRow>(listCustomRoles, [principal.tenantId]));
    return { status: 200, body: { items: [...EVERY_ROLE.map(builtIn), ...rows.map(viewOf)] } };
  }

  async createRole({ principal, body }: Call<'createRole'>): Promise<Answer<'createRole'>> {
    refuseUnlessHome(principal);
    const id = newId('custom_role');
    const permissions = knownPermissions(body.permissions, '/permissions');
    const row = await this.#write(principal, id, 'created', async (tx) => {
      refuseWider(permissions, await givableIn(tx, principal, principal.workspaceId));
      await tx.change(insertCustomRole, [principal.tenantId, id, body.name, permissions, principal.id]);
    });
    return { status: 201, headers: { etag: etagOf(row) }, body: viewOf(row) };
  }

  async updateRole({ principal, path, body, headers }: Call<'updateRole'>): Promise<Answer<'updateRole'>> {
    refuseUnlessHome(principal);
    const permissions = body.permissions === undefined ? null : knownPermissions(body.permissions, '/permissions');
    const row = await this.#write(principal, path.role_id, 'updated', async (tx) => {
      if (await tx.maybeOne(findCustomRole, [principal.tenantId, path.role_id]) === undefined) throw noSuchRole();
      if (permissions !== null) refuseWider(permissions, await givableIn(tx, principal, principal.workspaceId));
      if (await tx.change(updateCustomRole, [principal.tenantId, path.role_id, body.name ?? null, permissions, versionOf(headers['if-match'])]) === 1) return;
      throw new ApiError('precondition_failed', 'The role was changed meanwhile. Read it again.');
    });
    return { status: 200, headers: { etag: etagOf(row) }, body: viewOf(row) };
  }

  async deleteRole({ principal, path }: Call<'deleteRole'>): Promise<Answer<'deleteRole'>> {
    refuseUnlessHome(principal);
    await this.#database.forTenant(principal.tenantId, async (tx) => {
      const row = await tx.maybeOne<CustomRoleRow>(findCustomRole, [principal.tenantId, path.role_id]);
      if (row === undefined) throw noSuchRole();
      if (row.in_use > 0) throw new ApiError('role_in_use', `${row.in_use} principals or groups hold it.`);
      await tx.change(archiveCustomRole, [principal.tenantId, path.role_id]);
      await auditBy(tx, this.#clock, principal, { type: 'custom_role.changed', subject: { kind: 'custom_role', id: path.role_id }, data: { change: 'deleted' } });
    });
    return { status: 204 };
  }

  async #write(principal: Principal, id: string, change: 'created' | 'updated', write: (tx: Transaction) => Promise<void>): Promise<CustomRoleRow> {
    try {
      return await this.#database.forTenant(principal.tenantId, async (tx) => {
        await write(tx);
        const row = await tx.one<CustomRoleRow>(findCustomRole, [principal.tenantId, id]);
        await auditBy(tx, this.#clock, principal, { type: 'custom_role.changed', subject: { kind: 'custom_role', id }, data: { change, permissions: row.permissions, version: row.version } });
        return row;
      });
    } catch (error) {
      if (violates(error, 'custom_role_name_is_unique')) throw new ApiError('name_taken', 'Another role has this name.', { cause: error });
      throw error;
    }
  }
}

function builtIn(role: (typeof EVERY_ROLE)[number]): RoleDefinition {
  return { id: role, name: role, built_in: true, permissions: [...ROLE_PERMISSIONS[role]] };
}

function viewOf(row: CustomRoleRow): RoleDefinition {
  return { ...row, built_in: false, created_at: row.created_at.toISOString() };
}

/** The version that an If-Match header names; null where there is none. */
export function versionOf(ifMatch: string | undefined): number | null {
  if (ifMatch === undefined) return null;
  const [, version] = /^"(\d{1,9})"$/.exec(ifMatch) ?? [];
  if (version === undefined) throw new ApiError('precondition_failed', 'If-Match is not an ETag of this.');
  return Number(version);
}

export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

function noSuchRole(): ApiError {
  return new ApiError('not_found', 'There is no such role of your own. The built-in ones do not change.');
}
