import { ScimError } from './errors.ts';
import { booleanOf, isObject, member, textOf } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { UserRow } from './queries.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** What is kept of a User (RFC 7643, 4.1). Everything else is accepted and not kept. */
export interface UserFields {
  readonly userName: string;
  readonly externalId: string | null;
  readonly displayName: string;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly locale: string | null;
  readonly email: string | null;
  readonly active: boolean;
}

/** A person as the directory sees them. */
export function userResource(row: UserRow, baseUrl: string): JsonObject {
  return {
    schemas: [USER_SCHEMA], id: row.id, userName: row.scim_user_name, active: !row.disabled, displayName: row.display_name,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    ...(row.given_name === null && row.family_name === null ? {} : { name: { ...(row.given_name === null ? {} : { givenName: row.given_name }), ...(row.family_name === null ? {} : { familyName: row.family_name }) } }),
    ...(row.locale === null ? {} : { locale: row.locale }),
    ...(row.email === null ? {} : { emails: [{ value: row.email, type: 'work', primary: true }] }),
    groups: row.groups.map(({ id, name }) => ({ value: id, display: name, $ref: `${baseUrl}/Groups/${id}` })),
    meta: { resourceType: 'User', created: row.created_at.toISOString(), lastModified: row.changed_at.toISOString(), location: `${baseUrl}/Users/${row.id}`, version: versionTag(row.version) },
  };
}

/** Reads a User that a directory sends, whole. @throws ScimError `invalidValue` naming the attribute */
export function readUser(body: Json): UserFields {
  if (!isObject(body)) throw new ScimError('invalidSyntax', 'Send a User.');
  const userName = textOf(member(body, 'userName'), 'userName');
  if (userName === null) throw new ScimError('invalidValue', 'userName is required.');
  const name = member(body, 'name');
  const part = (key: string): string | null => (isObject(name) ? textOf(member(name, key), `name.${key}`, 200) : null);
  const [givenName, familyName] = [part('givenName'), part('familyName')];
  const whole = [givenName, familyName].filter((one) => one !== null).join(' ');
  return {
    userName, externalId: textOf(member(body, 'externalId'), 'externalId'), givenName, familyName, locale: textOf(member(body, 'locale'), 'locale', 50),
    displayName: (textOf(member(body, 'displayName'), 'displayName') ?? part('formatted') ?? (whole === '' ? userName : whole)).slice(0, 200),
    email: emailOf(member(body, 'emails')) ?? (/^[^@\s]+@[^@\s]+$/.test(userName) ? userName : null),
    active: booleanOf(member(body, 'active'), 'active') ?? true,
  };
}

export function versionTag(version: number): string {
  return `W/"${version}"`;
}

/** The primary address, else the first. */
function emailOf(emails: Json | undefined): string | null {
  if (!Array.isArray(emails)) return null;
  const list = (emails as readonly Json[]).filter(isObject);
  const chosen = list.find((one) => booleanOf(member(one, 'primary'), 'emails.primary') === true) ?? list[0];
  const email = chosen === undefined ? null : textOf(member(chosen, 'value'), 'emails.value', 254);
  if (email !== null && !/^[^@\s]+@[^@\s]+$/.test(email)) throw new ScimError('invalidValue', 'emails.value is no address.');
  return email;
}
