import inputSchema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import type { Json, JsonObject } from '../sdk/connector.ts';

/** What may be kept of a policy input for good, and what is not in it. */
export interface MaskedInput {
  /** Null: masking failed, and nothing is kept. */
  readonly input: JsonObject | null;
  /**
   * What was there and was taken out, as OPA's decision logs say it: `/input/parameters/short_description`. A name that nobody has declared
   * may itself be content, so members of such names stand together as `[unnamed]`.
   */
  readonly erased: readonly string[];
}

export interface MaskRules {
  /** The manifest's schema of the parameters: only names that it declares may be named. */
  readonly parameters: Schema;
  /** RFC 6901 pointers into the parameters that the tenant's policy keeps in its log. */
  readonly keep: readonly string[];
}

/** As much of a JSON Schema as classification needs. */
export type Schema = Readonly<Record<string, unknown>>;

const UNNAMED = '[unnamed]';
/** As the input's schema says of classes of data. */
const WORD = /^[a-z][a-z_]{0,63}$/;

/**
 * The input with only what its schema calls metadata (`x-keep`) and what the tenant keeps. Everything else is secret: a field that nobody has
 * classified, a name that nobody has declared. When anything goes wrong nothing is kept.
 */
export function maskInput(input: unknown, rules: MaskRules): MaskedInput {
  try {
    const erased = new Set<string>();
    const { parameters, ...rest } = inputSchema.properties;
    const masked = membersOf(input, '/input', erased, (name) => (
      name === 'parameters' ? { schema: parameters, mask: (value, at) => maskParameters(value, at, erased, rules) } : Object.hasOwn(rest, name) ? { schema: rest[name as keyof typeof rest], mask: null } : null
    ), rules);
    return masked === null ? EVERYTHING_ERASED : { input: masked, erased: [...erased].sort() };
  } catch {
    return EVERYTHING_ERASED;
  }
}

const EVERYTHING_ERASED: MaskedInput = { input: null, erased: ['/input'] };

interface Rule {
  readonly schema: Schema;
  readonly mask: ((value: unknown, at: string) => Json | undefined) | null;
}

function membersOf(value: unknown, at: string, erased: Set<string>, ruleOf: (name: string) => Rule | null, rules: MaskRules): JsonObject | null {
  if (!isObject(value)) return null;
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const rule = ruleOf(name);
    if (rule === null) {
      erased.add(`${at}/${UNNAMED}`);
      continue;
    }
    const masked = rule.mask === null ? maskValue(rule.schema, member, `${at}/${name}`, erased, rules) : rule.mask(member, `${at}/${name}`);
    if (masked !== undefined) kept[name] = masked;
  }
  return kept;
}

/** Undefined where nothing of it may be kept. */
function maskValue(schema: Schema, value: unknown, at: string, erased: Set<string>, rules: MaskRules): Json | undefined {
  const properties = schema['properties'];
  if (isObject(properties) && isObject(value)) {
    return membersOf(value, at, erased, (name) => (Object.hasOwn(properties, name) ? { schema: properties[name] as Schema, mask: null } : null), rules) ?? undefined;
  }
  // That there is none says nothing of what there might be.
  if (value === null && isObject(properties)) return null;
  const items = schema['items'];
  if (isObject(items) && Array.isArray(value) && schema['x-keep'] !== true) {
    return value.map((element, index) => maskValue(items as Schema, element, `${at}/${index}`, erased, rules)).filter((element) => element !== undefined);
  }
  const kept = schema['x-keep'] === true ? keptValue(schema, value, at, erased, rules) : undefined;
  if (kept === undefined) erased.add(at);
  return kept;
}

/** A value that is classified as metadata is kept where it has the form that was classified: a word, a number, a list of words, a map by parameters. */
function keptValue(schema: Schema, value: unknown, at: string, erased: Set<string>, rules: MaskRules): Json | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return keptWords(value, at, erased, rules);
  return isObject(schema['additionalProperties']) && isObject(value) ? keptByParameter(value, at, erased, rules) : undefined;
}

function keptWords(words: readonly unknown[], at: string, erased: Set<string>, rules: MaskRules): Json[] {
  return words.filter((word): word is string => {
    const known = typeof word === 'string' && (WORD.test(word) || isDeclared(rules.parameters, word));
    if (!known) erased.add(`${at}/${UNNAMED}`);
    return known;
  });
}

/** Labels and lineage: their keys are names of parameters. */
function keptByParameter(byPointer: Readonly<Record<string, unknown>>, at: string, erased: Set<string>, rules: MaskRules): JsonObject {
  return Object.fromEntries(Object.entries(byPointer).filter(([pointer]) => {
    const known = pointer === '' || isDeclared(rules.parameters, pointer);
    if (!known) erased.add(`${at}/${UNNAMED}`);
    return known;
  }).map(([pointer, value]) => [pointer, copied(value)]));
}

/** Labels are lists of words, of which a shallow copy is one. */
function copied(value: unknown): Json {
  return Array.isArray(value) && value.every((element) => typeof element === 'string') ? [...value] : structuredClone(value) as Json;
}

function maskParameters(value: unknown, at: string, erased: Set<string>, rules: MaskRules): Json | undefined {
  if (isObject(value)) return keptParameters(value, '', at, erased, rules) as JsonObject;
  erased.add(at);
  return undefined;
}

/** The members that the tenant keeps, and the objects and lists around them. */
function keptParameters(value: Readonly<Record<string, unknown>> | readonly unknown[], pointer: string, at: string, erased: Set<string>, rules: MaskRules): Json {
  const kept: Array<[string, Json]> = [];
  for (const [name, member] of Object.entries(value)) {
    const here = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (rules.keep.includes(here)) {
      kept.push([name, structuredClone(member) as Json]);
    } else if (typeof member === 'object' && member !== null && rules.keep.some((one) => one.startsWith(`${here}/`))) {
      kept.push([name, keptParameters(member as Readonly<Record<string, unknown>>, here, at, erased, rules)]);
    } else {
      erased.add(isDeclared(rules.parameters, here) ? `${at}${here}` : `${at}/${UNNAMED}`);
    }
  }
  return Array.isArray(value) ? kept.map(([, member]) => member) : Object.fromEntries(kept);
}

/** Whether every name in the pointer stands in the schema, so that whoever wrote the connector chose it and nobody's content. */
function isDeclared(schema: Schema, pointer: string): boolean {
  let at: unknown = schema;
  for (const name of pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    if (!isObject(at)) return false;
    const { properties, items } = at;
    if (isObject(properties) && Object.hasOwn(properties, name)) at = properties[name];
    else if (isObject(items) && /^([0-9]{1,9}|-)$/.test(name)) at = items;
    else return false;
  }
  return pointer !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
