import { ScimError } from './errors.ts';
import { isObject, member } from './json.ts';
import type { Json, JsonObject } from './json.ts';

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  /** Null: the value is an object whose members are attributes. */
  readonly path: string | null;
  readonly value: Json | undefined;
}

const MAX_OPERATIONS = 1_000;
const CORE_PREFIX = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/i;
/** Attributes of extensions: accepted, and not kept. */
const EXTENSION = /^urn:/i;
const PATH = /^([A-Za-z$][\w$-]*)(?:\[([^\]]*)\])?(?:\.([A-Za-z$][\w$-]*))?$/;

/** Reads a PatchOp (RFC 7644, 3.5.2), with `op` in any case, as directories send it. @throws ScimError `invalidSyntax`, `invalidValue` */
export function readPatch(body: Json): PatchOperation[] {
  const operations = isObject(body) ? member(body, 'Operations') : undefined;
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MAX_OPERATIONS) throw new ScimError('invalidSyntax', `Send a PatchOp with 1 to ${MAX_OPERATIONS} Operations.`);
  return (operations as readonly Json[]).map((one) => {
    const op = isObject(one) ? String(member(one, 'op')).toLowerCase() : '';
    if (!isObject(one) || (op !== 'add' && op !== 'remove' && op !== 'replace')) throw new ScimError('invalidSyntax', 'op is add, remove or replace.');
    const path = member(one, 'path');
    if (path !== undefined && path !== null && typeof path !== 'string') throw new ScimError('invalidPath', 'path is a text.');
    const value = member(one, 'value');
    if (op !== 'remove' && value === undefined) throw new ScimError('invalidValue', `${op} needs a value.`);
    if (op === 'remove' && (path === undefined || path === null)) throw new ScimError('invalidPath', 'remove needs a path.');
    return { op, path: path ?? null, value };
  });
}

/** A resource with the operations applied, in their order. Attributes of extensions are passed over. */
export function patched(resource: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  return operations.reduce<JsonObject>((current, { op, path, value }) => {
    if (path !== null) return withAttribute(current, path, op === 'remove' ? undefined : value, op);
    if (!isObject(value)) throw new ScimError('invalidValue', 'Without a path the value is an object of attributes.');
    return Object.entries(value).reduce((so, [name, one]) => withAttribute(so, name, one, op), current);
  }, resource);
}

function withAttribute(resource: JsonObject, path: string, value: Json | undefined, op: PatchOperation['op']): JsonObject {
  const plain = path.replace(CORE_PREFIX, '');
  if (EXTENSION.test(plain)) return resource;
  const [, attribute, selector, inner] = PATH.exec(plain) ?? [];
  if (attribute === undefined) throw new ScimError('invalidPath', `The path ${path.slice(0, 200)} is not one that is understood.`);
  const key = Object.keys(resource).find((known) => known.toLowerCase() === attribute.toLowerCase()) ?? attribute;
  const before = resource[key];
  if (selector !== undefined) return set(resource, key, withElement(before, selector, inner, value));
  if (inner !== undefined) return set(resource, key, set(isObject(before) ? before : {}, inner, value));
  // Adding to a list adds; adding an object merges (3.5.2.1).
  if (op === 'add' && Array.isArray(before)) return set(resource, key, [...before as readonly Json[], ...(Array.isArray(value) ? value as readonly Json[] : [value ?? null])]);
  if (op !== 'remove' && isObject(before) && isObject(value)) return set(resource, key, { ...before, ...value });
  return set(resource, key, value);
}

/** The element of a list that `attribute eq "value"` selects, changed; it is made where there is none and something is to be set. */
function withElement(list: Json | undefined, selector: string, inner: string | undefined, value: Json | undefined): Json {
  const [, name, wanted] = /^\s*([A-Za-z$]\w*)\s+eq\s+"([^"]*)"\s*$/i.exec(selector) ?? [];
  if (name === undefined || wanted === undefined) throw new ScimError('invalidPath', 'A selection is written as [attribute eq "value"].');
  const elements = Array.isArray(list) ? list as readonly Json[] : [];
  const isSelected = (one: Json): one is JsonObject => isObject(one) && String(member(one, name) ?? '').toLowerCase() === wanted.toLowerCase();
  if (value === undefined && inner === undefined) return elements.filter((one) => !isSelected(one));
  const changed = (one: JsonObject): JsonObject => (inner === undefined ? { ...one, ...(isObject(value) ? value : {}) } : set(one, inner, value));
  if (elements.some(isSelected)) return elements.map((one) => (isSelected(one) ? changed(one) : one));
  return value === undefined ? elements : [...elements, changed({ [name]: wanted })];
}

function set(object: JsonObject, key: string, value: Json | undefined): JsonObject {
  const { [key]: _before, ...rest } = object;
  return value === undefined ? rest : { ...rest, [key]: value };
}
