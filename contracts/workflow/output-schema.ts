import type { JsonSchema } from '../connectors/manifest.ts';

/** What a hosted model cannot be held to, where it stands and what to write instead. */
export interface OutputSchemaProblem {
  /** RFC 6901, from the schema's root. */
  readonly pointer: string;
  readonly problem: string;
  readonly fix: string;
}

/**
 * Keywords that providers take as they are, and those that they do not and that can be said in words: `strict-schema.ts` of the model
 * connectors moves the latter into the description, and the answer is checked against the whole schema afterwards.
 * Source: the strict modes of OpenAI ("Structured model outputs") and Anthropic ("Structured outputs"), what both have in common.
 */
const STRUCTURE = ['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'anyOf', '$ref', '$defs'] as const;
export const BOUNDS = [
  'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems', 'uniqueItems', 'format',
] as const;
const NOTES = ['title', 'description', 'default', 'examples', '$schema', '$comment'] as const;
const KNOWN: ReadonlySet<string> = new Set([...STRUCTURE, ...BOUNDS, ...NOTES]);

const TYPES: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);
const FIXES: ReadonlyMap<string, string> = new Map([
  ['pattern', 'say in `description` what the text looks like, or list the values in `enum`'],
  ['allOf', 'write the parts as one schema'],
  ['oneOf', 'use `anyOf`'],
  ['patternProperties', 'name the properties, or use a list of objects with a name and a value'],
]);
/** OpenAI's limits, the narrowest of those published. */
const MAX_DEPTH = 10;
const MAX_PROPERTIES = 1_000;
const DEFINITION = /^#\/\$defs\/([^/]+)$/;

/**
 * What keeps `schema` from being the output schema of any hosted model; empty when nothing does. The subset: an object whose properties are
 * named, lists, texts, numbers, booleans, `enum`, `anyOf` and definitions in `$defs`. Properties that are not required may be left out by
 * the model. No input makes this take long: a definition is looked at once.
 */
export function outputSchemaProblems(schema: JsonSchema): OutputSchemaProblem[] {
  const walk: Walk = { problems: [], definitions: objectIn(schema['$defs']) ?? {}, properties: 0 };
  if (schema['type'] !== 'object') report(walk, '/type', 'the answer is not an object', 'make the root `type: object` and put the value into a property');
  check(walk, schema, '', 1);
  for (const [name, definition] of Object.entries(walk.definitions)) check(walk, definition, `/$defs/${escape(name)}`, 1);
  for (const name of recursive(walk.definitions)) report(walk, `/$defs/${escape(name)}`, 'it contains itself', 'nest as deep as is needed and no deeper');
  if (walk.properties > MAX_PROPERTIES) report(walk, '', `it has more than ${MAX_PROPERTIES} properties`, 'ask for less in one answer');
  return walk.problems;
}

interface Walk {
  readonly problems: OutputSchemaProblem[];
  readonly definitions: Readonly<Record<string, unknown>>;
  properties: number;
}

function check(walk: Walk, schema: unknown, at: string, depth: number): void {
  const node = objectIn(schema);
  if (node === null) return report(walk, at, 'it is no schema object', 'write an object such as `{ type: string }`');
  if (depth > MAX_DEPTH) return report(walk, at, `it is nested deeper than ${MAX_DEPTH} levels`, 'flatten it');
  // `$id` names a schema as a whole; further in it would change what references mean.
  for (const keyword of Object.keys(node).filter((key) => !KNOWN.has(key) && !(key === '$id' && at === ''))) {
    report(walk, `${at}/${escape(keyword)}`, `providers do not take \`${keyword}\``, FIXES.get(keyword) ?? 'leave it out, or say it in `description`');
  }
  if (node['$ref'] !== undefined) return checkReference(walk, node, at);
  if (node['anyOf'] !== undefined) return checkAlternatives(walk, node, at, depth);
  checkValues(walk, node, at);
  const types = typesOf(node);
  if (types.length === 0) return report(walk, `${at}/type`, 'it says no type', 'add `type`, `enum`, `anyOf` or `$ref`');
  const main = types.filter((type) => type !== 'null');
  if (types.some((type) => !TYPES.has(type))) report(walk, `${at}/type`, 'it is no JSON type', `use ${[...TYPES].join(', ')}`);
  if (main.length > 1) report(walk, `${at}/type`, 'a value has one type, or one and null', 'use `anyOf` with a schema for each type');
  if (main.includes('object')) checkObject(walk, node, at, depth);
  if (main.includes('array')) check(walk, node['items'] ?? null, `${at}/items`, depth + 1);
}

function checkObject(walk: Walk, node: JsonSchema, at: string, depth: number): void {
  const properties = objectIn(node['properties']);
  const closed = node['additionalProperties'] === undefined || node['additionalProperties'] === false;
  if (!closed) report(walk, `${at}/additionalProperties`, 'an object with properties that are not named cannot be asked for', 'set it to false, or use a list of objects with a name and a value');
  if (properties === null || Object.keys(properties).length === 0) return report(walk, `${at}/properties`, 'an object without named properties cannot be asked for', 'name its properties');
  const required = Array.isArray(node['required']) ? node['required'].map(String) : [];
  for (const name of required.filter((each) => !Object.hasOwn(properties, each))) report(walk, `${at}/required`, `it names \`${name}\`, which is no property`, 'add it to `properties`');
  walk.properties += Object.keys(properties).length;
  for (const [name, property] of Object.entries(properties)) check(walk, property, `${at}/properties/${escape(name)}`, depth + 1);
}

function checkAlternatives(walk: Walk, node: JsonSchema, at: string, depth: number): void {
  const { anyOf } = node;
  if (at === '') report(walk, '/anyOf', 'the answer is not one object', 'put the alternatives into a property');
  // Beside `anyOf` a type or properties would hold as well, which providers read differently.
  for (const keyword of STRUCTURE.filter((each) => each !== 'anyOf' && each !== '$defs' && node[each] !== undefined)) report(walk, `${at}/${keyword}`, `\`${keyword}\` stands beside \`anyOf\``, 'move it into the alternatives');
  if (!Array.isArray(anyOf) || anyOf.length === 0) return report(walk, `${at}/anyOf`, 'it has no alternatives', 'list at least one schema');
  for (const [index, alternative] of anyOf.entries()) check(walk, alternative, `${at}/anyOf/${index}`, depth + 1);
}

function checkReference(walk: Walk, node: JsonSchema, at: string): void {
  const name = definitionOf(node['$ref']);
  if (name === null || !Object.hasOwn(walk.definitions, name)) report(walk, `${at}/$ref`, 'it names no definition of this schema', 'put the definition into `$defs` and write `#/$defs/<name>`');
  for (const keyword of [...STRUCTURE, ...BOUNDS].filter((each) => each !== '$ref' && node[each] !== undefined)) report(walk, `${at}/${keyword}`, `\`${keyword}\` stands beside \`$ref\``, 'move it into the definition');
}

function checkValues(walk: Walk, node: JsonSchema, at: string): void {
  const values = valuesOf(node);
  if (values === null) return;
  const keyword = node['const'] === undefined ? 'enum' : 'const';
  if (values.length === 0) report(walk, `${at}/enum`, 'it lists no value', 'list at least one');
  if (values.some((value) => typeof value === 'object' && value !== null)) report(walk, `${at}/${keyword}`, 'it lists an object or a list', 'use texts, numbers, booleans and null');
}

/** Definitions that lead back to themselves. Each is left once, so this is linear in the schema's size. */
function recursive(definitions: Readonly<Record<string, unknown>>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (name: string): void => {
    if (state.get(name) === 'open') found.push(name);
    if (state.has(name) || !Object.hasOwn(definitions, name)) return;
    state.set(name, 'open');
    for (const next of referencesIn(definitions[name], 0)) visit(next);
    state.set(name, 'done');
  };
  for (const name of Object.keys(definitions)) visit(name);
  return [...new Set(found)];
}

function referencesIn(value: unknown, depth: number): string[] {
  if (typeof value !== 'object' || value === null || depth > 4 * MAX_DEPTH) return [];
  const own = definitionOf((value as { $ref?: unknown }).$ref);
  return [...(own === null ? [] : [own]), ...Object.values(value).flatMap((each) => referencesIn(each, depth + 1))];
}

/** The values that a schema lists, by `const` or `enum`; null where it lists none. */
export function valuesOf(node: JsonSchema): readonly unknown[] | null {
  if (node['const'] !== undefined) return [node['const']];
  return Array.isArray(node['enum']) ? node['enum'] : null;
}

/** The types that a schema says, or those of the values that it lists. */
export function typesOf(node: JsonSchema): string[] {
  const { type } = node;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.map(String);
  const types = new Set((valuesOf(node) ?? []).map(typeOf));
  // Every integer is a number.
  if (types.has('number')) types.delete('integer');
  return [...types];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The name in `#/$defs/<name>`; null for any other reference. */
export function definitionOf(reference: unknown): string | null {
  const name = typeof reference === 'string' ? DEFINITION.exec(reference)?.[1] : undefined;
  return name === undefined ? null : name.replaceAll('~1', '/').replaceAll('~0', '~');
}

export function objectIn(value: unknown): JsonSchema | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as JsonSchema : null;
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function report(walk: Walk, pointer: string, problem: string, fix: string): void {
  walk.problems.push({ pointer, problem, fix });
}
