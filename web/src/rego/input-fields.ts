/** What the schema of the policy input says about one field, for who writes a rule on it. */
export interface InputField {
  name: string;
  type: string;
  description: string | null;
  example: string | null;
}

interface SchemaNode {
  type?: string | readonly string[];
  description?: string;
  examples?: readonly unknown[];
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, SchemaNode>>;
  items?: SchemaNode;
  additionalProperties?: SchemaNode | boolean;
}

const STEP = /\.(\w+)|\[[^\]]*\]/g;

/**
 * The fields beneath a reference such as `.approvals[_].votes` (what follows `input`). Empty for one that leads nowhere.
 * `schema` is contracts/policy/input.schema.json.
 */
export function fieldsAt(reference: string, schema: SchemaNode): InputField[] {
  let node: SchemaNode | undefined = schema;
  for (const [, name] of reference.matchAll(STEP)) node = name === undefined ? elementOf(node) : node?.properties?.[name];
  return Object.entries(node?.properties ?? {}).map(([name, field]) => ({ name, type: typeOf(field), description: field.description ?? null, example: exampleOf(field) }));
}

function elementOf(node: SchemaNode | undefined): SchemaNode | undefined {
  if (node?.items !== undefined) return node.items;
  return typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

function typeOf({ type, enum: values }: SchemaNode): string {
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ');
  return typeof type === 'string' ? type : (type ?? []).join(' | ');
}

function exampleOf({ examples }: SchemaNode): string | null {
  return examples === undefined || examples.length === 0 ? null : JSON.stringify(examples[0]);
}
