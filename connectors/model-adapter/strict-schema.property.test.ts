import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outputSchemaProblems } from '@countersign/contracts/workflow/output-schema.ts';
import { compileAlone } from '@countersign/platform/json-schema/compile-alone.ts';
import type { Json, JsonObject } from '../sdk/connector.ts';
import { strictSchema, withoutFilledNulls } from './strict-schema.ts';

const LEAF: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.constantFrom<JsonObject>({ type: 'string' }, { type: 'string', maxLength: 4, description: 'short' }, { type: ['integer', 'null'], minimum: 3 }, { type: 'number' }, { type: 'boolean' }, { enum: ['a', 'b', null] }, { const: 7 }, { $ref: '#/$defs/shared' }),
);
/** Schemas of the subset, at most four levels deep. */
const SCHEMA = fc.letrec<{ object: JsonObject; any: JsonObject }>((tie) => ({
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c/d', 'toString', '~'), tie('any'), { minKeys: 1, maxKeys: 4 }).chain((properties) =>
    fc.subarray(Object.keys(properties)).map((required): JsonObject => ({ type: 'object', properties, required }))),
  any: fc.oneof({ maxDepth: 3, withCrossShrink: true }, LEAF, tie('object'), tie('any').map((items): JsonObject => ({ type: 'array', items, maxItems: 3 })), fc.tuple(tie('any'), LEAF).map((anyOf): JsonObject => ({ anyOf }))),
})).object.map((schema): JsonObject => ({ ...schema, $defs: { shared: { type: 'object', properties: { x: { type: 'string' } }, required: [] } } }));

test('what providers are sent is strict everywhere: every property required, every object closed, no bound left', () => {
  fc.assert(fc.property(SCHEMA, (schema) => {
    expect(outputSchemaProblems(schema)).toEqual([]);
    const strict = strictSchema(schema);
    expect(outputSchemaProblems(strict)).toEqual([]);
    eachNode(strict, (node) => {
      if (node['properties'] !== undefined) expect([[...node['required'] as string[]].sort(), node['additionalProperties']]).toEqual([Object.keys(node['properties'] as object).sort(), false]);
      for (const bound of ['maxLength', 'minimum', 'maxItems', 'const', 'pattern']) expect(node).not.toHaveProperty(bound);
    });
  }), { numRuns: 500 });
});

test('nulls for everything that may be left out are allowed by the strict schema, and fit the workflow\'s own once they are taken out', () => {
  const ajv = compileAlone({ strict: false, ownProperties: true });
  fc.assert(fc.property(SCHEMA, (schema) => {
    const optional: JsonObject = { ...schema, required: [] };
    const answer: Json = Object.fromEntries(Object.keys(schema['properties'] as object).map((name) => [name, null]));
    expect(ajv(strictSchema(optional))(answer)).toBe(true);
    expect(ajv(optional)(withoutFilledNulls(answer, optional))).toBe(true);
  }), { numRuns: 200 });
});

function eachNode(node: JsonObject, see: (node: JsonObject) => void): void {
  see(node);
  const children = [...Object.values((node['properties'] ?? {}) as JsonObject), ...Object.values((node['$defs'] ?? {}) as JsonObject), ...((node['anyOf'] ?? []) as Json[]), ...(node['items'] === undefined ? [] : [node['items']])];
  for (const child of children) eachNode(child as JsonObject, see);
}
