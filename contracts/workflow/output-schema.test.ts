import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../connectors/manifest.ts';
import { outputSchemaProblems } from './output-schema.ts';

const object = (properties: Readonly<Record<string, unknown>>, more: JsonSchema = {}): JsonSchema => ({ type: 'object', additionalProperties: false, properties, required: Object.keys(properties), ...more });
const text = { type: 'string' };

describe('can be asked of every model', () => {
  test.each<[string, JsonSchema]>([
    ['texts, numbers, enums, lists, objects in objects', object({ a: text, b: { type: 'integer', minimum: 1 }, c: { enum: ['x', 'y'] }, d: { type: 'array', items: object({ e: text }), maxItems: 3 } })],
    ['what may be null', object({ a: { type: ['string', 'null'] }, b: { enum: ['x', null] } })],
    ['what may be left out', { ...object({ a: text, b: text }), required: ['a'] }],
    ['alternatives and definitions', object({ a: { anyOf: [text, { $ref: '#/$defs/b' }] }, 'c/d': { $ref: '#/$defs/b' } }, { $defs: { b: object({ e: text }), 'f/g': text } })],
    ['an object that does not say that it is closed', { type: 'object', properties: { a: text } }],
    ['what is said for people and editors', object({ a: { ...text, title: 'A', examples: ['x'], default: 'x' } }, { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', description: 'An answer' })],
  ])('%s', (_what, schema) => {
    expect(outputSchemaProblems(schema)).toEqual([]);
  });
});

describe('cannot, and each place is named with what to write instead', () => {
  test.each<[string, JsonSchema, string[]]>([
    ['a root that is no object', { type: 'array', items: text }, ['/type']],
    ['alternatives as the root', { type: 'object', anyOf: [object({ a: text })] }, ['/anyOf', '/type']],
    ['an open object', object({ a: { ...object({ b: text }), additionalProperties: text } }), ['/properties/a/additionalProperties']],
    ['an object without names', object({ a: { type: 'object' } }), ['/properties/a/properties']],
    ['keywords that providers do not take', object({ a: { type: 'string', pattern: '^x' }, b: { type: 'string', contentEncoding: 'base64' } }), ['/properties/a/pattern', '/properties/b/contentEncoding']],
    ['two types', object({ a: { type: ['string', 'number'] } }), ['/properties/a/type']],
    ['no type, and one that is none', object({ a: {}, b: { type: 'date' } }), ['/properties/a/type', '/properties/b/type']],
    ['a list of anything', object({ a: { type: 'array' } }), ['/properties/a/items']],
    ['an empty enum, and one of objects', object({ a: { type: 'string', enum: [] }, b: { type: 'string', enum: [{ c: 1 }] } }), ['/properties/a/enum', '/properties/b/enum']],
    ['required, and not a property', { ...object({ a: text }), required: ['a', 'z'] }, ['/required']],
    ['a definition that is not there', object({ a: { $ref: '#/$defs/none' }, b: { $ref: 'https://example.com/b.json' } }), ['/properties/a/$ref', '/properties/b/$ref']],
    ['a definition within itself, through another', object({ a: { $ref: '#/$defs/b' } }, { $defs: { b: object({ c: { $ref: '#/$defs/d' } }), d: object({ e: { $ref: '#/$defs/b' } }) } }), ['/$defs/b']],
    ['something beside a reference', object({ a: { $ref: '#/$defs/b', maxLength: 3 } }, { $defs: { b: text } }), ['/properties/a/maxLength']],
    ['names with slashes and tildes', object({ 'a/b~c': {} }), ['/properties/a~1b~0c/type']],
  ])('%s', (_what, schema, pointers) => {
    const problems = outputSchemaProblems(schema);
    expect(problems.map(({ pointer }) => pointer).filter((pointer, index, all) => all.indexOf(pointer) === index).sort()).toEqual(pointers.toSorted());
    for (const { problem, fix } of problems) expect([problem, fix]).not.toContain('');
  });

  test('too deep, or with too many properties', () => {
    const deep = Array.from({ length: 11 }).reduce<JsonSchema>((inner) => object({ a: inner }), object({ a: text }));
    expect(outputSchemaProblems(deep).map(({ problem }) => problem)).toEqual([expect.stringContaining('nested deeper')]);
    expect(outputSchemaProblems(object(Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`p${index}`, text]))))).toMatchObject([{ pointer: '', problem: expect.stringContaining('more than 1000 properties') as unknown }]);
  });

  test('definitions that name each other often take no longer', () => {
    const definitions = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d${index}`, object({ a: { $ref: `#/$defs/d${index + 1}` }, b: { $ref: `#/$defs/d${index + 1}` } })]));
    const started = performance.now();
    expect(outputSchemaProblems(object({ a: { $ref: '#/$defs/d0' } }, { $defs: { ...definitions, d40: text } }))).toEqual([]);
    // Following every path would be 2^40 steps.
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
