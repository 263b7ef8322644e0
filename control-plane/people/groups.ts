import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { beginTakingAway, givableIn, permissionsOfRole, refuseWider, refuseWithoutAdmin } from '../roles/rights.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { syncGroupRoles } from '../roles/sync-group-roles.ts';
import { auditGroup, changeMembers } from './membership.ts';
import { countPeople, deleteGroup, deleteGroupMembers, deleteGroupRoles, findGroup, insertGroup, listGroups, renameGroup, rolesOfGroup } from './queries.ts';
import type { GroupRow } from './queries.ts';

/** Groups of people. Those of the directory and those that sign-ins fill are read here and changed where they come from. */
export class Groups {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async listGroups({ principal }: Call<'listGroups'>): Promise<Answer<'listGroups'>> {
    refuseUnlessHome(principal);
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<GroupRow>(listGroups, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(groupView) } };
  }

  async createGroup({ principal, body }: Call<'createGroup'>): Promise<Answer<'createGroup'>> {
    refuseUnlessHome(principal);
    const id = newId('group');
    const group = await this.#change(principal, id, async (tx) => {
      await tx.change(insertGroup, [principal.tenantId, id, body.name, 'local', null]);
      await auditGroup(tx, principal.tenantId, id, actorOf(principal), this.#clock.now(), { change: 'created' });
      await this.#setMembers(tx, principal, id, [], body.members ?? []);
    });
    return { status: 201, body: group };
  }

  async updateGroup({ principal, path, body }: Call<'updateGroup'>): Promise<Answer<'updateGroup'>> {
    refuseUnlessHome(principal);
    const group = await this.#change(principal, path.group_id, async (tx) => {
      const before = await local(tx, principal, path.group_id);
      if (body.name !== undefined && body.name !== before.name) {
        await tx.change(renameGroup, [principal.tenantId, before.id, body.name, null]);
        await auditGroup(tx, principal.tenantId, before.id, actorOf(principal), this.#clock.now(), { change: 'renamed' });
      }
      if (body.members !== undefined) await this.#setMembers(tx, principal, before.id, before.members, body.members);
    });
    return { status: 200, body: group };
  }

  async deleteGroup({ principal, path }: Call<'deleteGroup'>): Promise<Answer<'deleteGroup'>> {
    refuseUnlessHome(principal);
    await this.#database.forTenant(principal.tenantId, async (tx) => {
      const { id } = await local(tx, principal, path.group_id);
      await removeGroup(tx, principal.tenantId, id);
      await auditGroup(tx, principal.tenantId, id, actorOf(principal), this.#clock.now(), { change: 'removed' });
    });
    return { status: 204 };
  }

  /** Who joins gets what the group gives: nobody gives what they do not hold. */
  async #setMembers(tx: Transaction, principal: Principal, groupId: string, before: readonly string[], after: readonly string[]): Promise<void> {
    const { tenantId } = principal;
    const wanted = [...new Set(after)];
    const { found } = await tx.one<{ found: number }>(countPeople, [tenantId, wanted]);
    if (found !== wanted.length) throw new ApiError('request_invalid', 'A member is no person of this tenant.', { errors: [{ field: '/members', code: 'unknown', message: 'Name people by their `prn_` ids.' }] });
    const [was, is] = [new Set(before), new Set(wanted)];
    const add = wanted.filter((id) => !was.has(id));
    if (add.length > 0) {
      for (const { workspace_id, role } of await tx.rows<{ workspace_id: string; role: string }>(rolesOfGroup, [tenantId, groupId])) {
        refuseWider(['roles:grant', ...await permissionsOfRole(tx, tenantId, role)], await givableIn(tx, principal, workspace_id));
      }
    }
    await changeMembers(tx, { tenantId, groupId, add, remove: before.filter((id) => !is.has(id)), actor: actorOf(principal), at: this.#clock.now() });
  }

  #change(principal: Principal, id: string, work: (tx: Transaction) => Promise<void>): Promise<components['schemas']['Group']> {
    return this.#database.forTenant(principal.tenantId, async (tx) => {
      await work(tx);
      return groupView(await tx.one<GroupRow>(findGroup, [principal.tenantId, id]));
    }).catch((error: unknown) => {
      if (violates(error, 'group_name_is_unique_in_its_tenant')) throw new ApiError('name_taken', 'There is a group of this name.', { cause: error });
      throw error;
    });
  }
}

/** Takes a group away, and the roles that its members had by it. @throws ApiError `last_admin` */
export async function removeGroup(tx: Transaction, tenantId: string, id: string): Promise<void> {
  await beginTakingAway(tx, tenantId);
  await tx.change(deleteGroupRoles, [tenantId, id]);
  await tx.change(deleteGroupMembers, [tenantId, id]);
  await syncGroupRoles(tx, tenantId, id);
  await refuseWithoutAdmin(tx, tenantId);
  await tx.change(deleteGroup, [tenantId, id]);
}

async function local(tx: Transaction, { tenantId }: Principal, id: string): Promise<GroupRow> {
  const row = await tx.maybeOne<GroupRow>(findGroup, [tenantId, id]);
  if (row === undefined) throw new ApiError('not_found', 'There is no such group.');
  if (row.source !== 'local') throw new ApiError('request_invalid', `The group comes from ${row.source === 'scim' ? 'the directory' : 'the identity provider'}: change it there.`);
  return row;
}

function groupView(row: GroupRow): components['schemas']['Group'] {
  return { id: row.id, name: row.name, source: row.source, members: row.members, created_at: row.created_at.toISOString(), changed_at: row.changed_at.toISOString() };
}
