import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { removeGroup } from '../people/groups.ts';
import { auditGroup, changeMembers } from '../people/membership.ts';
import { countPeople, insertGroup } from '../people/queries.ts';
import type { GroupRow } from '../people/queries.ts';
import { ScimError } from './errors.ts';
import { parseFilter } from './filter.ts';
import { groupResource, readGroup } from './group-resource.ts';
import type { GroupFields } from './group-resource.ts';
import type { Json, JsonObject } from './json.ts';
import { listOf, pageOf } from './paging.ts';
import { patchedGroup } from './group-patch.ts';
import { readPatch } from './patch.ts';
import { countScimGroups, findScimGroup, listScimGroups, touchGroup } from './queries.ts';
import { refuseOtherVersion } from './users.ts';
import type { ScimParts } from './users.ts';

/** Groups of SCIM 2.0 (RFC 7643, 4.2). What a group gives is set here by an admin; who is in it, by the directory. */
export class ScimGroups {
  readonly #parts: ScimParts;

  constructor(parts: ScimParts) {
    this.#parts = parts;
  }

  async list({ tenantId }: Principal, query: URLSearchParams): Promise<JsonObject> {
    const filter = parseFilter(query.get('filter') ?? undefined, ['displayname', 'externalid', 'id']);
    const page = pageOf(query);
    const asked = [tenantId, ...['displayname', 'externalid', 'id'].map((name) => filter.get(name) ?? null)];
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const { total } = await tx.one<{ total: number }>(countScimGroups, asked);
      const rows = await tx.rows<GroupRow>(listScimGroups, [...asked, page.startIndex - 1, page.count]);
      return listOf(rows.map((row) => groupResource(row, this.#parts.baseUrl, wantsMembers(query))), total, page);
    });
  }

  async get({ tenantId }: Principal, id: string, query: URLSearchParams): Promise<JsonObject> {
    return this.#parts.database.forTenant(tenantId, async (tx) => groupResource(await found(tx, tenantId, id), this.#parts.baseUrl, wantsMembers(query)));
  }

  async create(principal: Principal, body: Json): Promise<JsonObject> {
    const group = readGroup(body);
    const id = newId('group');
    return this.#write(principal, id, async (tx) => {
      await tx.change(insertGroup, [principal.tenantId, id, group.displayName, 'scim', group.externalId]);
      await auditGroup(tx, principal.tenantId, id, actorOf(principal), this.#parts.clock.now(), { change: 'created' });
      await this.#setMembers(tx, principal, id, [], group.members);
    });
  }

  async replace(principal: Principal, id: string, body: Json, ifMatch: string | undefined): Promise<JsonObject> {
    const group = readGroup(body);
    return this.#write(principal, id, async (tx) => this.#store(tx, principal, await found(tx, principal.tenantId, id, ifMatch), group));
  }

  async patch(principal: Principal, id: string, body: Json, ifMatch: string | undefined): Promise<JsonObject> {
    const operations = readPatch(body);
    return this.#write(principal, id, async (tx) => {
      const before = await found(tx, principal.tenantId, id, ifMatch);
      await this.#store(tx, principal, before, patchedGroup({ displayName: before.name, externalId: before.external_id, members: before.members }, operations));
    });
  }

  async remove(principal: Principal, id: string, ifMatch: string | undefined): Promise<void> {
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      await found(tx, principal.tenantId, id, ifMatch);
      await removeGroup(tx, principal.tenantId, id);
      await auditGroup(tx, principal.tenantId, id, actorOf(principal), this.#parts.clock.now(), { change: 'removed' });
    });
  }

  async #store(tx: Transaction, principal: Principal, before: GroupRow, after: GroupFields): Promise<void> {
    await tx.change(touchGroup, [principal.tenantId, before.id, after.displayName, after.externalId]);
    if (after.displayName !== before.name) await auditGroup(tx, principal.tenantId, before.id, actorOf(principal), this.#parts.clock.now(), { change: 'renamed' });
    await this.#setMembers(tx, principal, before.id, before.members, after.members);
  }

  async #setMembers(tx: Transaction, principal: Principal, groupId: string, before: readonly string[], after: readonly string[]): Promise<void> {
    const { tenantId } = principal;
    const { found: people } = await tx.one<{ found: number }>(countPeople, [tenantId, after]);
    if (people !== after.length) throw new ScimError('invalidValue', 'A member is no User of this tenant.');
    // A directory's groups are large.
    const [was, is] = [new Set(before), new Set(after)];
    await changeMembers(tx, {
      tenantId, groupId, add: after.filter((id) => !was.has(id)), remove: before.filter((id) => !is.has(id)), actor: actorOf(principal), at: this.#parts.clock.now(),
    });
  }

  #write(principal: Principal, id: string, work: (tx: Transaction) => Promise<void>): Promise<JsonObject> {
    return this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      await work(tx);
      return groupResource(await found(tx, principal.tenantId, id), this.#parts.baseUrl, true);
    }).catch((error: unknown) => {
      if (violates(error, 'group_name_is_unique_in_its_tenant')) throw new ScimError('uniqueness', 'There is a group of this name.', { cause: error });
      throw error;
    });
  }
}

/** Directories leave the members out where they ask only whether a group is there. */
function wantsMembers(query: URLSearchParams): boolean {
  return !(query.get('excludedAttributes') ?? '').toLowerCase().split(',').map((name) => name.trim()).includes('members');
}

/** @throws ScimError `notFound`, `preconditionFailed` */
async function found(tx: Transaction, tenantId: string, id: string, ifMatch?: string): Promise<GroupRow> {
  const row = await tx.maybeOne<GroupRow>(findScimGroup, [tenantId, id]);
  if (row === undefined) throw new ScimError('notFound', 'There is no such Group.');
  refuseOtherVersion(row.version, ifMatch);
  return row;
}
