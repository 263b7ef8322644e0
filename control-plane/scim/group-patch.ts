import { ScimError } from './errors.ts';
import { memberIds } from './group-resource.ts';
import type { GroupFields } from './group-resource.ts';
import { isObject, member, textOf } from './json.ts';
import type { PatchOperation } from './patch.ts';

/** A group with the operations applied. Large groups change by a member at a time: their members are never written out to be changed. */
export function patchedGroup(group: GroupFields, operations: readonly PatchOperation[]): GroupFields {
  return operations.reduce(withOperation, group);
}

function withOperation(group: GroupFields, { op, path, value }: PatchOperation): GroupFields {
  if (path === null) {
    if (!isObject(value)) throw new ScimError('invalidValue', 'Without a path the value is an object of attributes.');
    return ['displayName', 'externalId', 'members'].reduce((so, name) => {
      const one = member(value, name);
      return one === undefined ? so : withOperation(so, { op, path: name, value: one });
    }, group);
  }
  const selected = /^members\[\s*value\s+eq\s+"([^"]+)"\s*\]$/i.exec(path)?.[1];
  if (selected !== undefined && op === 'remove') return { ...group, members: group.members.filter((id) => id !== selected) };
  const attribute = path.replace(/^urn:ietf:params:scim:schemas:core:2\.0:group:/i, '').toLowerCase();
  if (attribute === 'externalid') return { ...group, externalId: op === 'remove' ? null : textOf(value, 'externalId') };
  if (attribute === 'displayname') {
    const displayName = op === 'remove' ? null : textOf(value, 'displayName', 200);
    if (displayName === null) throw new ScimError('invalidValue', 'displayName is required.');
    return { ...group, displayName };
  }
  if (attribute === 'id') throw new ScimError('mutability', 'An id never changes.');
  if (attribute !== 'members') throw new ScimError('invalidPath', `The path ${path.slice(0, 200)} is not one that is understood.`);
  const ids = memberIds(value);
  const named = new Set(ids);
  if (op === 'replace') return { ...group, members: ids };
  if (op === 'add') return { ...group, members: [...new Set([...group.members, ...ids])] };
  // Without a value all of them go (RFC 7644, 3.5.2.2).
  return { ...group, members: value === undefined ? [] : group.members.filter((id) => !named.has(id)) };
}
