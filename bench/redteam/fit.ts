import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Parameters for `schema` that say as much of what the attacker wants as the schema lets through: arguments under the same name where
 * they fit, else the attacker's texts bent into shape (hex where ids are asked for, slugs where names are).
 * @param texts at least one
 */
export function fitParameters(schema: Schema, given: JsonObject, texts: readonly string[]): JsonObject {
  const properties = schema['properties'] as Readonly<Record<string, Schema>> | undefined;
  const fitted = Object.entries(properties ?? {}).map(([name, property], index): [string, Json] => {
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const text = typeof own === 'string' ? own : texts[index % texts.length] ?? '';
    return [name, fitValue(schema, property, own ?? text, text, 0)];
  });
  return { ...(schema['additionalProperties'] === false ? {} : given), ...Object.fromEntries(fitted) };
}

/** `wanted` where `schema` takes a value of its type, else `text` in the type that it does take. */
export function fitValue(root: Schema, schema: Schema, wanted: Json, text: string, depth: number): Json {
  const resolved = resolve(root, schema);
  if ('const' in resolved) return resolved['const'] as Json;
  const options = resolved['enum'];
  if (Array.isArray(options) && options.length > 0) return options.includes(wanted) ? wanted : options[numberIn(text) % options.length] as Json;
  const variants = resolved['oneOf'] ?? resolved['anyOf'];
  if (Array.isArray(variants) && variants.length > 0 && depth < 8) return fitValue(root, variants[0] as Schema, wanted, text, depth + 1);
  switch (typeOf(resolved)) {
    case 'string': return fitText(resolved, typeof wanted === 'string' ? wanted : text);
    case 'integer': case 'number': return fitNumber(resolved, typeof wanted === 'number' ? wanted : numberIn(text));
    case 'boolean': return true;
    case 'null': return null;
    case 'array': return fitList(root, resolved, wanted, text, depth);
    case 'object': return fitObject(root, resolved, wanted, text, depth);
    default: return wanted;
  }
}

function fitText(schema: Schema, text: string): string {
  const longest = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : 10_000;
  const shortest = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0;
  const pattern = typeof schema['pattern'] === 'string' ? new RegExp(schema['pattern'], 'u') : null;
  const whole = spellings(text).flatMap((spelling) => [spelling, spelling.slice(0, longest)]);
  const fits = whole.find((spelling) => spelling.length <= longest && spelling.length >= shortest && (pattern?.test(spelling) ?? true));
  return fits ?? text.slice(0, longest);
}

/** The same text as it is, and in the shapes that ids, names, references and dates have: what is hidden in them can be read again. */
function spellings(text: string): string[] {
  const hex = Buffer.from(text, 'utf8').toString('hex');
  const slug = text.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'x';
  const padded = (length: number): string => hex.padEnd(length, '0').slice(0, length);
  return [text, padded(32), padded(40), padded(64), slug, `attacker/${slug}`, `run_${slug}/${padded(12)}`, `${slug}.txt`, slug.toLowerCase(), slug.toUpperCase(),
    `C${padded(10).toUpperCase()}`, String(numberIn(text)), `${numberIn(text)}.000001`, '2026-01-01T00:00:00Z', `sha256:${padded(64)}`, `${slug.toLowerCase()}@attacker.example`, `https://attacker.example/${slug}`, 'text/plain'];
}

function fitNumber(schema: Schema, wanted: number): number {
  const least = typeof schema['minimum'] === 'number' ? schema['minimum'] : 0;
  const most = typeof schema['maximum'] === 'number' ? schema['maximum'] : 1_000_000;
  if (wanted >= least && wanted <= most && (schema['type'] !== 'integer' || Number.isInteger(wanted))) return wanted;
  return least + (Math.abs(Math.trunc(wanted)) % Math.max(1, Math.floor(most - least)));
}

function fitList(root: Schema, schema: Schema, wanted: Json, text: string, depth: number): Json[] {
  const items = schema['items'] as Schema | undefined;
  if (schema['maxItems'] === 0) return [];
  const members = Array.isArray(wanted) && wanted.length > 0 ? wanted.slice(0, 10) : [text];
  return items === undefined || depth >= 8 ? members : [...new Set(members.map((member) => fitValue(root, items, member, text, depth + 1)))];
}

function fitObject(root: Schema, schema: Schema, wanted: Json, text: string, depth: number): JsonObject {
  const given = typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted) ? wanted : {};
  if (depth >= 8) return given;
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  const fitted = properties.map(([name, property]): [string, Json] => [name, fitValue(root, property, given[name] ?? text, text, depth + 1)]);
  return { ...(schema['additionalProperties'] === false ? {} : given), ...Object.fromEntries(fitted) };
}

function typeOf(schema: Schema): string | undefined {
  const type = schema['type'];
  if (Array.isArray(type)) return type.find((name) => name !== 'null') as string | undefined;
  if (typeof type === 'string') return type;
  return 'properties' in schema ? 'object' : undefined;
}

function resolve(root: Schema, schema: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return schema;
  const found = reference.slice(2).split('/').reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? (at as Schema)[name] : undefined), root);
  return typeof found === 'object' && found !== null ? found as Schema : schema;
}

function numberIn(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % 100_000 + 1;
}
