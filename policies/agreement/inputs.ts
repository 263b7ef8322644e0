/**
 * Policy inputs that nobody wrote down, drawn from the schema of the input: every field that it has, optional ones too, each valid. Left
 * to the schema alone they would hit no rule (two random digests never meet), so WORDS says what fields are made of where that matters.
 */
import fc from 'fast-check';
import inputSchema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { WORDS } from './words.ts';

/** As much of JSON Schema as the input's has. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const MOST_ITEMS = 2;

/** `count` inputs, the same ones for the same seed. */
export function drawInputs(count: number, seed: number): PolicyInput[] {
  const unused = new Set(WORDS.keys());
  const inputs = arbitrary(inputSchema as Schema, '', unused) as fc.Arbitrary<PolicyInput>;
  if (unused.size > 0) throw new Error(`the schema has no ${[...unused].join(', ')}: mend words.ts`);
  return fc.sample(inputs, { numRuns: count, seed });
}

/** `path` as authors write it: `approvals[].votes[].role`. */
function arbitrary(schema: Schema, path: string, unused: Set<string>): fc.Arbitrary<unknown> {
  const words = WORDS.get(path);
  if (words !== undefined) {
    unused.delete(path);
    return words;
  }
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const [type, ...others] = [schema.type ?? []].flat();
  const drawn = ofType(type, schema, path, unused);
  return others.includes('null') ? fc.oneof(drawn, fc.constant(null)) : drawn;
}

function ofType(type: string | undefined, schema: Schema, path: string, unused: Set<string>): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object': return record(schema, path, unused);
    case 'array': return fc.array(arbitrary(schema.items ?? {}, `${path}[]`, unused), { maxLength: MOST_ITEMS });
    case 'boolean': return fc.boolean();
    case 'integer': return fc.constantFrom(...new Set([schema.minimum ?? 0, schema.maximum ?? 1_000, ...(schema.examples ?? [])]));
    case 'string': return fc.constantFrom(...(schema.examples ?? ['text']));
    default: throw new Error(`the schema's ${path} is of a type that inputs.ts does not draw: ${String(type)}`);
  }
}

function record(schema: Schema, path: string, unused: Set<string>): fc.Arbitrary<unknown> {
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => [name, arbitrary(member, path === '' ? name : `${path}.${name}`, unused)] as const);
  return fc.record(Object.fromEntries(members), { requiredKeys: [...(schema.required ?? [])], noNullPrototype: true });
}
