import inputSchema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };

/** As much of JSON Schema as the input's has. */
export interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly 'x-keep'?: boolean;
}

export interface InputField {
  /** As authors write it, without `input.`: `approvals[].votes[].role`. */
  readonly path: string;
  readonly schema: FieldSchema;
  readonly isOptional: boolean;
  /** Whether it has fields of its own. */
  readonly isContainer: boolean;
}

/** Every field of the policy input, containers before what is in them, in the order of the schema. */
export function inputFields(): InputField[] {
  return membersOf(inputSchema as FieldSchema, '');
}

function membersOf(schema: FieldSchema, path: string): InputField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const itsPath = path === '' ? name : `${path}.${name}`;
    const within = member.items?.properties === undefined ? membersOf(member, itsPath) : membersOf(member.items, `${itsPath}[]`);
    return [{ path: itsPath, schema: member, isOptional: !(schema.required ?? []).includes(name), isContainer: within.length > 0 }, ...within];
  });
}

/** An input of every field, each with an example of its own: the one at `turn`, or the first where there are not so many. */
export function exampleInput(turn = 0): unknown {
  return exampleOf(inputSchema as FieldSchema, turn);
}

function exampleOf(schema: FieldSchema, turn: number): unknown {
  if (schema.properties !== undefined) return Object.fromEntries(Object.entries(schema.properties).map(([name, member]) => [name, exampleOf(member, turn)]));
  if (schema.items?.properties !== undefined) return [exampleOf(schema.items, turn)];
  return schema.examples?.[turn] ?? schema.examples?.[0];
}
