import type { JsonSchema } from './manifest.ts';

/**
 * Where a pointer into a value (RFC 6901; `-` for every element of a list) leads in the schema of that value. Null where the schema
 * leaves no place for it. What the schema leaves open (`additionalProperties`, no `properties` at all) has a place for everything.
 */
export function schemaAt(root: JsonSchema, pointer: string): JsonSchema | null {
  const path = pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return descend(root, root, path, 0);
}

/** `$ref` into the same document, and no deeper than this: a schema may refer to itself. */
const MAX_REFERENCES = 20;

function descend(root: JsonSchema, schema: unknown, path: readonly string[], references: number): JsonSchema | null {
  if (schema === true) return {};
  if (!isSchema(schema)) return null;
  if (typeof schema['$ref'] === 'string') {
    return references >= MAX_REFERENCES ? null : descend(root, referred(root, schema['$ref']), path, references + 1);
  }
  const [name, ...rest] = path;
  if (name === undefined) return schema;
  const branches = ['oneOf', 'anyOf', 'allOf'].flatMap((key) => (Array.isArray(schema[key]) ? schema[key] as unknown[] : []));
  for (const branch of branches) {
    const found = descend(root, branch, path, references + 1);
    if (found !== null) return found;
  }
  const next = step(schema, name);
  return next === undefined ? null : descend(root, next, rest, references);
}

function step(schema: JsonSchema, name: string): unknown {
  const { properties, items, prefixItems, additionalProperties } = schema;
  if (isSchema(properties) && Object.hasOwn(properties, name)) return properties[name];
  if (name === '-' || /^\d+$/.test(name)) {
    const fixed = Array.isArray(prefixItems) ? prefixItems[Number(name)] as unknown : undefined;
    if (fixed !== undefined || items !== undefined) return fixed ?? items;
  }
  if (additionalProperties !== undefined) return additionalProperties === false ? undefined : additionalProperties;
  return properties === undefined && items === undefined && schema['type'] === 'object' ? true : undefined;
}

function referred(root: JsonSchema, reference: string): unknown {
  if (!reference.startsWith('#/')) return reference === '#' ? root : undefined;
  return reference.slice(2).split('/').reduce<unknown>((at, part) => (isSchema(at) ? at[part] : undefined), root);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
