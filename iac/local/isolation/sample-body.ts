/** A schema of the contract, references included. */
export type Schema = Readonly<Record<string, unknown>>;

/** Texts of which one fits most of the patterns of the contract. */
const TEXTS = [
  'planted', 'Planted text', '1.0.0', '1', 'a', 'ab', 'https://example.com/', 'https://example.com', 'person@example.com', '2026-01-01T00:00:00.000Z', '2026-01-01', 'dev', 'eu', `sha256:${'a'.repeat(64)}`, 'a'.repeat(64),
  'triage', 'desk/update', 'package a', 'A'.repeat(43), 'T0123ABCD', 'C0123ABCD', 'xoxb-0123456789', '10.00', 'runs:read', `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(40)}\n-----END PUBLIC KEY-----`,
];

/** Gives what stands for an id: the field's name says of what. Undefined: it is none. */
export type IdOf = (field: string) => string | undefined;

/**
 * A body that fits `schema`, with an id wherever a field is one; `counter` makes names differ from one body to the next. Fields that need not be
 * there are left out, unless they hold ids.
 */
export class SampleBodies {
  readonly #document: Schema;
  #counter = 0;

  constructor(document: Schema) {
    this.#document = document;
  }

  next(schema: Schema, idOf: IdOf): unknown {
    this.#counter += 1;
    return this.#value(schema, '', idOf, 0);
  }

  #value(given: Schema, field: string, idOf: IdOf, depth: number): unknown {
    const schema = this.#merged(this.#resolved(given));
    if ('const' in schema) return schema['const'];
    const [first] = (schema['enum'] ?? []) as unknown[];
    if (first !== undefined) return first;
    for (const combined of ['oneOf', 'anyOf'] as const) {
      const [one] = (schema[combined] ?? []) as Schema[];
      if (one === undefined) continue;
      const value = this.#value(one, field, idOf, depth);
      return typeof value === 'object' ? { ...this.#object(schema, idOf, depth), ...value } : value;
    }
    const [type] = [schema['type']].flat().filter((one) => one !== 'null');
    if (type === 'array') return this.#array(schema, field, idOf, depth);
    if (type === 'object' || schema['properties'] !== undefined) return this.#object(schema, idOf, depth);
    if (type === 'integer' || type === 'number') return (schema['minimum'] as number | undefined) ?? 1;
    if (type === 'boolean') return true;
    return type === 'string' || type === undefined ? this.#text(schema, field, idOf) : null;
  }

  #array(schema: Schema, field: string, idOf: IdOf, depth: number): unknown[] {
    const holdsIds = idOf(field) !== undefined;
    const least = (schema['minItems'] as number | undefined) ?? (holdsIds || depth < 2 ? 1 : 0);
    return Array.from({ length: least }, () => this.#value(schema['items'] as Schema, field, idOf, depth + 1));
  }

  #object(schema: Schema, idOf: IdOf, depth: number): Record<string, unknown> {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
    const required = (schema['required'] ?? []) as string[];
    const least = (schema['minProperties'] as number | undefined) ?? 0;
    const needed = properties.filter(([name]) => required.includes(name) || idOf(name) !== undefined);
    const wanted = needed.length < least ? properties.slice(0, least) : needed;
    return Object.fromEntries(wanted.map(([name, one]) => [name, this.#value(one, name, idOf, depth + 1)]));
  }

  #text(schema: Schema, field: string, idOf: IdOf): string {
    const id = idOf(field);
    if (id !== undefined) return id;
    const fits = (text: string): boolean => new RegExp((schema['pattern'] as string | undefined) ?? '', 'u').test(text)
      && text.length >= ((schema['minLength'] as number | undefined) ?? 0) && text.length <= ((schema['maxLength'] as number | undefined) ?? Infinity);
    const numbered = `planted-${this.#counter}`;
    if (schema['format'] === 'date-time') return '2026-01-01T00:00:00.000Z';
    if (schema['format'] === 'uri') return 'https://example.com/';
    return [numbered, ...TEXTS].find(fits) ?? 'a'.repeat((schema['minLength'] as number | undefined) ?? 1);
  }

  /** `allOf`, as one schema of an object. */
  #merged(schema: Schema): Schema {
    if (!Array.isArray(schema['allOf'])) return schema;
    const parts = [schema, ...(schema['allOf'] as Schema[]).map((one) => this.#merged(this.#resolved(one)))];
    return {
      type: 'object', properties: Object.assign({}, ...parts.map((one) => one['properties'] ?? {})) as Schema, required: parts.flatMap((one) => (one['required'] ?? []) as string[]),
    };
  }

  #resolved(schema: Schema): Schema {
    const reference = schema['$ref'];
    if (typeof reference !== 'string') return schema;
    const found = reference.slice(2).split('/').reduce<unknown>((at, key) => (at as Schema)[key], this.#document);
    return this.#resolved(found as Schema);
  }
}
