import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import { auditBy } from '../access/audit.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import { changeMembers } from '../people/membership.ts';
import { changePerson } from '../people/person-state.ts';
import { refuseOverQuota } from '../tenancy/refuse-over-quota.ts';
import { ScimError } from './errors.ts';
import { parseFilter } from './filter.ts';
import type { Json, JsonObject } from './json.ts';
import { listOf, pageOf } from './paging.ts';
import { patched, readPatch } from './patch.ts';
import { adoptUser, countUsers, findUser, insertUser, listUsers, releaseUser, removePasskeys, revokeKeys, scimGroupsOf, unlinkIdentities, updateUser } from './queries.ts';
import type { UserRow } from './queries.ts';
import { readUser, userResource, versionTag } from './user-resource.ts';
import type { UserFields } from './user-resource.ts';

export interface ScimParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  /** Of the SCIM endpoints, without a slash at the end. */
  readonly baseUrl: string;
}

/** Users of SCIM 2.0 (RFC 7643, 4.1): the people whom a tenant's directory keeps. It is trusted with who they are and whether they may sign in. */
export class ScimUsers {
  readonly #parts: ScimParts;

  constructor(parts: ScimParts) {
    this.#parts = parts;
  }

  async list({ tenantId }: Principal, query: URLSearchParams): Promise<JsonObject> {
    const filter = parseFilter(query.get('filter') ?? undefined, ['username', 'externalid', 'emails', 'displayname', 'id', 'active']);
    const page = pageOf(query);
    const active = filter.get('active');
    const asked = [tenantId, ...['username', 'externalid', 'emails', 'displayname', 'id'].map((name) => filter.get(name) ?? null), active === undefined ? null : active.toLowerCase() === 'true'];
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const { total } = await tx.one<{ total: number }>(countUsers, asked);
      const rows = await tx.rows<UserRow>(listUsers, [...asked, page.startIndex - 1, page.count]);
      return listOf(rows.map((row) => userResource(row, this.#parts.baseUrl)), total, page);
    });
  }

  async get({ tenantId }: Principal, id: string): Promise<JsonObject> {
    return this.#parts.database.forTenant(tenantId, async (tx) => userResource(await found(tx, tenantId, id), this.#parts.baseUrl));
  }

  /** Somebody who is here already under the address is taken over by the directory, and enabled again where it says so. */
  async create(principal: Principal, body: Json): Promise<JsonObject> {
    const user = readUser(body);
    const { tenantId } = principal;
    return this.#write(principal, async (tx) => {
      const adopted = user.email === null ? undefined : await tx.maybeOne<{ id: string; disabled: boolean }>(adoptUser, [tenantId, user.email, user.userName]);
      const id = adopted?.id ?? newId('principal');
      if (adopted === undefined) {
        await refuseOverQuota(tx, tenantId, 'principals');
        await tx.change(insertUser, [tenantId, id, user.displayName, user.email, user.userName]);
        await auditBy(tx, this.#parts.clock, principal, { type: 'principal.created', subject: { kind: 'principal', id }, data: { source: 'scim' } });
      }
      return this.#store(tx, principal, id, user, adopted?.disabled ?? false);
    });
  }

  async replace(principal: Principal, id: string, body: Json, ifMatch: string | undefined): Promise<JsonObject> {
    const user = readUser(body);
    return this.#write(principal, async (tx) => {
      const before = await found(tx, principal.tenantId, id, ifMatch);
      return this.#store(tx, principal, id, user, before.disabled);
    });
  }

  async patch(principal: Principal, id: string, body: Json, ifMatch: string | undefined): Promise<JsonObject> {
    const operations = readPatch(body);
    return this.#write(principal, async (tx) => {
      const before = await found(tx, principal.tenantId, id, ifMatch);
      return this.#store(tx, principal, id, readUser(patched(userResource(before, this.#parts.baseUrl), operations)), before.disabled);
    });
  }

  /** The directory lets go of a person: they are disabled, every way in is taken from them, and their id stays theirs. */
  async remove(principal: Principal, id: string, ifMatch: string | undefined): Promise<void> {
    const { tenantId } = principal;
    await this.#write(principal, async (tx) => {
      await found(tx, tenantId, id, ifMatch);
      const by = { actor: actorOf(principal), at: this.#parts.clock.now() };
      for (const { group_id: groupId } of await tx.rows<{ group_id: string }>(scimGroupsOf, [tenantId, id])) await changeMembers(tx, { tenantId, groupId, add: [], remove: [id], ...by });
      const ended = await changePerson(tx, { tenantId, id, disabled: true, source: 'scim', ...by });
      for (const { provider_id } of await tx.rows<{ provider_id: string }>(unlinkIdentities, [tenantId, id])) {
        await auditBy(tx, this.#parts.clock, principal, { type: 'identity.unlinked', subject: { kind: 'principal', id }, data: { idp: provider_id } });
      }
      // Who comes back under the address may be somebody else: nothing that the first one holds lets anybody in then.
      for (const { id: passkey } of await tx.rows<{ id: string }>(removePasskeys, [tenantId, id])) {
        await auditBy(tx, this.#parts.clock, principal, { type: 'passkey.removed', subject: { kind: 'passkey', id: passkey }, data: { principal_id: id } });
      }
      for (const { id: key } of await tx.rows<{ id: string }>(revokeKeys, [tenantId, id])) {
        await auditBy(tx, this.#parts.clock, principal, { type: 'api_key.revoked', subject: { kind: 'api_key', id: key }, data: { principal_id: id } });
      }
      await tx.change(releaseUser, [tenantId, id]);
      return { id: null, ended };
    });
  }

  async #store(tx: Transaction, principal: Principal, id: string, user: UserFields, wasDisabled: boolean): Promise<{ id: string; ended: string[] }> {
    const { tenantId } = principal;
    await tx.change(updateUser, [tenantId, id, user.userName, user.externalId, user.displayName, user.givenName, user.familyName, user.locale, user.email]);
    const disabled = user.active === wasDisabled ? !user.active : undefined;
    return { id, ended: await changePerson(tx, { tenantId, id, disabled, actor: actorOf(principal), source: 'scim', at: this.#parts.clock.now() }) };
  }

  /** Commits what `work` did, tells of the sessions that it ended, and gives what is there afterwards. */
  async #write(principal: Principal, work: (tx: Transaction) => Promise<{ readonly id: string | null; readonly ended: readonly string[] }>): Promise<JsonObject> {
    const { resource, ended } = await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const { id, ended } = await work(tx);
      return { ended, resource: id === null ? {} : userResource(await found(tx, principal.tenantId, id), this.#parts.baseUrl) };
    }).catch((error: unknown) => {
      if (violates(error, 'scim_user_name_is_unique')) throw new ScimError('uniqueness', 'There is a User of this userName.', { cause: error });
      if (violates(error, 'email_is_of_one_person')) throw new ScimError('uniqueness', 'There is a User of this address.', { cause: error });
      throw error;
    });
    for (const id of ended) this.#parts.notifier.sessionEnded(id);
    return resource;
  }
}

/** @throws ScimError `notFound`, `preconditionFailed` */
async function found(tx: Transaction, tenantId: string, id: string, ifMatch?: string): Promise<UserRow> {
  const row = await tx.maybeOne<UserRow>(findUser, [tenantId, id]);
  if (row === undefined) throw new ScimError('notFound', 'There is no such User.');
  refuseOtherVersion(row.version, ifMatch);
  return row;
}

/** @throws ScimError `preconditionFailed` where If-Match names another version */
export function refuseOtherVersion(version: number, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && ifMatch.trim() !== '*' && ifMatch.trim() !== versionTag(version)) throw new ScimError('preconditionFailed', 'It was changed meanwhile: read it again.');
}
