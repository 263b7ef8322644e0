import type { JsonSchema } from '@countersign/contracts/connectors/manifest.ts';
import { BOUNDS, definitionOf, objectIn, outputSchemaProblems, typesOf, valuesOf } from '@countersign/contracts/workflow/output-schema.ts';
import type { Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';

/**
 * The schema as the strict modes of all providers take it: every property required, those that were optional nullable instead, objects
 * closed, bounds in words. What it no longer says is checked on the answer (`check-output.ts`).
 * @throws ConnectorError parameters_invalid, naming the pointer and the fix of what cannot be expressed
 */
export function strictSchema(schema: JsonSchema): JsonObject {
  const [first, ...more] = outputSchemaProblems(schema);
  if (first !== undefined) {
    throw new ConnectorError({
      code: 'parameters_invalid', effect: 'none', retryable: false,
      message: `output_schema${first.pointer}: ${first.problem}; ${first.fix}${more.length === 0 ? '' : ` (and ${more.length} more)`}.`,
    });
  }
  const definitions = Object.entries(objectIn(schema['$defs']) ?? {});
  const strict = convert(schema);
  return definitions.length === 0 ? strict : { ...strict, $defs: Object.fromEntries(definitions.map(([name, definition]) => [name, convert(objectOf(definition))])) };
}

/**
 * The answer without the nulls that stand for properties left out: the strict schema makes those nullable, the schema that the workflow
 * gave may not.
 */
export function withoutFilledNulls(value: Json, schema: JsonSchema, root: JsonSchema = schema): Json {
  const node = resolved(schema, root);
  if (Array.isArray(value)) {
    const items = objectIn(node['items']);
    return items === null ? value : value.map((item) => withoutFilledNulls(item, items, root));
  }
  const properties = objectIn(node['properties']);
  if (typeof value !== 'object' || value === null || properties === null) return value;
  const required = requiredIn(node);
  const kept = Object.entries(value).filter(([name, each]) => each !== null || required.has(name) || !Object.hasOwn(properties, name) || admitsNull(objectOf(properties[name]), root));
  return Object.fromEntries(kept.map(([name, each]) => [name, Object.hasOwn(properties, name) ? withoutFilledNulls(each, objectOf(properties[name]), root) : each]));
}

function convert(node: JsonSchema): JsonObject {
  if (node['$ref'] !== undefined) return { $ref: String(node['$ref']) };
  const description = describe(node);
  const words: JsonObject = description === '' ? {} : { description };
  if (Array.isArray(node['anyOf'])) return { ...words, anyOf: node['anyOf'].map((each) => convert(objectOf(each))) };
  const types = typesOf(node);
  const type = types.length === 1 ? types[0]! : types;
  const values = valuesOf(node) as Json[] | null;
  if (values !== null) return { ...words, type, enum: values };
  const items: JsonObject = types.includes('array') ? { items: convert(objectOf(node['items'])) } : {};
  return { ...words, type, ...items, ...(types.includes('object') ? convertProperties(node) : {}) };
}

function convertProperties(node: JsonSchema): JsonObject {
  const properties = objectOf(node['properties']);
  const required = requiredIn(node);
  const converted = Object.entries(properties).map(([name, property]): [string, JsonObject] => {
    const strict = convert(objectOf(property));
    return [name, required.has(name) ? strict : nullable(strict)];
  });
  return { properties: Object.fromEntries(converted), required: Object.keys(properties), additionalProperties: false };
}

function nullable(strict: JsonObject): JsonObject {
  if (strict['$ref'] !== undefined) return { anyOf: [strict, { type: 'null' }] };
  if (Array.isArray(strict['anyOf'])) return { ...strict, anyOf: [...strict['anyOf'], { type: 'null' }] };
  const types = [strict['type'] ?? []].flat();
  if (types.includes('null')) return strict;
  return { ...strict, type: [...types, 'null'], ...(Array.isArray(strict['enum']) ? { enum: [...strict['enum'], null] } : {}) };
}

/** What the schema says in words, and the bounds that providers do not take. */
function describe(node: JsonSchema): string {
  const bounds = BOUNDS.filter((keyword) => node[keyword] !== undefined).map((keyword) => `${keyword} ${JSON.stringify(node[keyword])}`);
  const said = typeof node['description'] === 'string' ? node['description'] : '';
  return [said, ...(bounds.length === 0 ? [] : [`(${bounds.join(', ')})`])].filter((part) => part !== '').join(' ');
}

/** `seen`: alternatives that were looked at before, so that definitions which name each other often take no longer. */
function admitsNull(schema: JsonSchema, root: JsonSchema, seen = new Set<JsonSchema>()): boolean {
  const node = resolved(schema, root);
  if (seen.has(node)) return false;
  seen.add(node);
  if (Array.isArray(node['anyOf'])) return node['anyOf'].some((each) => admitsNull(objectOf(each), root, seen));
  return valuesOf(node)?.includes(null) ?? typesOf(node).includes('null');
}

/** The definition that a reference names. Definitions do not contain themselves (`outputSchemaProblems`), so this ends. */
function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = definitionOf(schema['$ref']);
  return name === null ? schema : resolved(objectOf(objectOf(root['$defs'])[name]), root);
}

function requiredIn(node: JsonSchema): ReadonlySet<string> {
  return new Set(Array.isArray(node['required']) ? node['required'].map(String) : []);
}

function objectOf(value: unknown): JsonSchema {
  return objectIn(value) ?? {};
}
