import { describe, expect, test } from 'vitest';
import { patchedGroup } from './group-patch.ts';
import { patched, readPatch } from './patch.ts';
import { readUser } from './user-resource.ts';

const USER = { userName: 'bjensen', name: { givenName: 'Barbara', familyName: 'Jensen' }, emails: [{ value: 'b@example.com', type: 'work', primary: true }], active: true };
const apply = (...Operations: unknown[]) => readUser(patched(USER, readPatch(JSON.parse(JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })))));

describe('a User', () => {
  test.each([
    ['as RFC 7644 writes it', { op: 'replace', path: 'active', value: false }],
    ['as Entra ID writes it', { op: 'Replace', path: 'active', value: 'False' }],
    ['as Okta writes it, without a path', { op: 'replace', value: { active: false } }],
    ['with the name of the schema', { op: 'replace', path: 'urn:ietf:params:scim:schemas:core:2.0:User:active', value: false }],
  ])('is disabled %s', (_name, operation) => {
    expect(apply(operation)).toMatchObject({ active: false, userName: 'bjensen' });
  });

  test('changes by paths, selections and dotted names', () => {
    expect(apply(
      { op: 'replace', path: 'name.familyName', value: 'Jones' }, { op: 'replace', path: 'emails[type eq "work"].value', value: 'j@example.com' },
      { op: 'add', value: { 'name.givenName': 'Babs', displayName: 'Babs Jones', externalId: '42' } },
      { op: 'add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'Desk' },
    )).toEqual({ userName: 'bjensen', givenName: 'Babs', familyName: 'Jones', displayName: 'Babs Jones', externalId: '42', email: 'j@example.com', active: true, locale: null });
    expect(apply({ op: 'add', path: 'emails', value: [{ value: 'home@example.com', type: 'home' }] }, { op: 'remove', path: 'emails[type eq "work"]' })).toMatchObject({ email: 'home@example.com' });
    expect(apply({ op: 'add', path: 'emails[type eq "other"].value', value: 'o@example.com' })).toMatchObject({ email: 'b@example.com' });
  });

  test.each([
    [[{ op: 'move', path: 'active', value: true }], 'invalidSyntax'], [[{ op: 'remove' }], 'invalidPath'], [[{ op: 'replace', path: 'active' }], 'invalidValue'], [[{ op: 'replace', path: 'a[b', value: 1 }], 'invalidPath'],
    [[{ op: 'replace', path: 'active', value: 'maybe' }], 'invalidValue'], [[{ op: 'remove', path: 'userName' }], 'invalidValue'], [[{ op: 'replace', value: 'x' }], 'invalidValue'], [[], 'invalidSyntax'],
  ])('is not changed by %j', (operations, code) => {
    expect(() => apply(...operations)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a Group', () => {
  const GROUP = { displayName: 'Desk', externalId: null, members: ['prn_1', 'prn_2'] };
  const change = (...Operations: unknown[]) => patchedGroup(GROUP, readPatch(JSON.parse(JSON.stringify({ Operations }))));

  test.each([
    [[{ op: 'Add', path: 'members', value: [{ value: 'prn_3' }, { value: 'prn_1' }] }], ['prn_1', 'prn_2', 'prn_3']],
    [[{ op: 'remove', path: 'members[value eq "prn_1"]' }], ['prn_2']],
    [[{ op: 'Remove', path: 'members', value: [{ value: 'prn_2' }] }], ['prn_1']],
    [[{ op: 'remove', path: 'members' }], []],
    [[{ op: 'replace', value: { members: [{ value: 'prn_9' }] } }], ['prn_9']],
  ])('changes its members by %j', (operations, members) => {
    expect(change(...operations)).toEqual({ ...GROUP, members });
  });

  test('keeps its id and has a name', () => {
    expect(change({ op: 'replace', value: { id: 'grp_x', displayName: 'Help desk' } })).toMatchObject({ displayName: 'Help desk' });
    expect(() => change({ op: 'replace', path: 'id', value: 'x' })).toThrow(expect.objectContaining({ code: 'mutability' }));
    expect(() => change({ op: 'remove', path: 'displayName' })).toThrow(expect.objectContaining({ code: 'invalidValue' }));
  });
});
