import type { GroupRow } from '../people/queries.ts';
import { ScimError } from './errors.ts';
import { isObject, member, textOf } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { versionTag } from './user-resource.ts';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export interface GroupFields {
  readonly displayName: string;
  readonly externalId: string | null;
  readonly members: readonly string[];
}

export function groupResource(row: GroupRow, baseUrl: string, withMembers: boolean): JsonObject {
  return {
    schemas: [GROUP_SCHEMA], id: row.id, displayName: row.name, ...(row.external_id === null ? {} : { externalId: row.external_id }),
    ...(withMembers ? { members: row.members.map((id) => ({ value: id, $ref: `${baseUrl}/Users/${id}` })) } : {}),
    meta: { resourceType: 'Group', created: row.created_at.toISOString(), lastModified: row.changed_at.toISOString(), location: `${baseUrl}/Groups/${row.id}`, version: versionTag(row.version) },
  };
}

/** Reads a Group that a directory sends, whole (RFC 7643, 4.2). @throws ScimError `invalidValue` */
export function readGroup(body: Json): GroupFields {
  if (!isObject(body)) throw new ScimError('invalidSyntax', 'Send a Group.');
  const displayName = textOf(member(body, 'displayName'), 'displayName', 200);
  if (displayName === null) throw new ScimError('invalidValue', 'displayName is required.');
  return { displayName, externalId: textOf(member(body, 'externalId'), 'externalId'), members: memberIds(member(body, 'members')) };
}

/** The ids in a list of members, each once. */
export function memberIds(members: Json | undefined): string[] {
  if (members === undefined || members === null) return [];
  const list: readonly Json[] = Array.isArray(members) ? members : [members];
  return [...new Set(list.map((one) => {
    const id = isObject(one) ? textOf(member(one, 'value'), 'members.value', 100) : null;
    if (id === null) throw new ScimError('invalidValue', 'A member has the id of a User as its value.');
    return id;
  }))];
}
