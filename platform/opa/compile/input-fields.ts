import { readFile } from 'node:fs/promises';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: boolean | Schema;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
}

/** The fields of the input by their paths, as authors write them. */
export interface InputFields {
  /** `action.risk`, `local_time.hour`, ... */
  readonly paths: readonly string[];
  /** What a field can be, where the schema lists it. Never with null. */
  valuesOf(path: readonly string[]): readonly string[] | null;
  /** The first part of a path that no input has, and what stands there instead; null where all are known, or anything may stand there. */
  unknownPart(path: readonly string[]): { readonly index: number; readonly fields: readonly string[] } | null;
}

/** From the JSON Schema that `opa check` is given too. */
export async function readInputFields(file: string): Promise<InputFields> {
  const schema = JSON.parse(await readFile(file, 'utf8')) as Schema;
  const values = new Map<string, readonly string[]>();
  const paths: string[] = [];
  const collect = (node: Schema, path: string): void => {
    if (path !== '') paths.push(path);
    if (node.enum?.every((value) => typeof value === 'string') === true) values.set(path, node.enum as readonly string[]);
    for (const part of [node, ...node.oneOf ?? [], ...node.anyOf ?? []]) {
      for (const [name, member] of Object.entries(part.properties ?? {})) collect(member, path === '' ? name : `${path}.${name}`);
    }
  };
  collect(schema, '');
  return { paths, valuesOf: (path) => values.get(path.join('.')) ?? null, unknownPart: (path) => unknownPart(schema, path) };
}

function unknownPart(schema: Schema, path: readonly string[]): { index: number; fields: readonly string[] } | null {
  let node = schema;
  for (const [index, name] of path.entries()) {
    if (node.properties === undefined || node.additionalProperties !== false) return null;
    const member = node.properties[name];
    if (member === undefined) return { index, fields: Object.keys(node.properties) };
    node = member;
  }
  return null;
}
