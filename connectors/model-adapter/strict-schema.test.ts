import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '@countersign/contracts/connectors/manifest.ts';
import { strictSchema, withoutFilledNulls } from './strict-schema.ts';

const object = (properties: Readonly<Record<string, unknown>>, required: readonly string[] = Object.keys(properties), more: JsonSchema = {}): JsonSchema =>
  ({ type: 'object', additionalProperties: false, properties, required, ...more });

describe('what is sent', () => {
  test('every property is required; what was optional may be null instead', () => {
    const strict = strictSchema(object({ category: { type: 'string' }, group: { type: 'string' }, level: { enum: ['low', 'high'] }, count: { type: ['integer', 'null'] } }, ['category']));
    expect(strict).toEqual({
      type: 'object', additionalProperties: false, required: ['category', 'group', 'level', 'count'],
      properties: {
        category: { type: 'string' }, group: { type: ['string', 'null'] }, level: { type: ['string', 'null'], enum: ['low', 'high', null] }, count: { type: ['integer', 'null'] },
      },
    });
  });

  test('bounds become words, beside those of the author', () => {
    const strict = strictSchema(object({
      confidence: { type: 'number', minimum: 0, maximum: 1, description: 'How sure you are' }, tags: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 20 } },
    }));
    expect(strict['properties']).toEqual({
      confidence: { type: 'number', description: 'How sure you are (minimum 0, maximum 1)' },
      tags: { type: 'array', description: '(maxItems 3)', items: { type: 'string', description: '(maxLength 20)' } },
    });
  });

  test('notes of the author that providers do not take are left behind', () => {
    expect(strictSchema(object({ a: { type: 'string', title: 'A', examples: ['x'], default: 'x', $comment: 'c' } }, ['a'], { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'triage' })))
      .toEqual({ type: 'object', additionalProperties: false, required: ['a'], properties: { a: { type: 'string' } } });
  });

  test('definitions, alternatives and lists of objects go all the way down', () => {
    const strict = strictSchema(object({ items: { type: 'array', items: { $ref: '#/$defs/item' } }, owner: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/item' }] }, next: { $ref: '#/$defs/item' } }, ['items', 'owner'], {
      $defs: { item: object({ name: { type: 'string', maxLength: 9 }, note: { type: 'string' } }, ['name']) },
    }));
    expect(strict['$defs']).toEqual({ item: {
      type: 'object', additionalProperties: false, required: ['name', 'note'], properties: { name: { type: 'string', description: '(maxLength 9)' }, note: { type: ['string', 'null'] } },
    } });
    expect(strict['properties']).toMatchObject({ next: { anyOf: [{ $ref: '#/$defs/item' }, { type: 'null' }] }, owner: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/item' }] } });
  });

  test.each<[string, JsonSchema, string]>([
    ['a list as the answer', { type: 'array', items: { type: 'string' } }, 'output_schema/type'],
    ['an open object', object({ a: { type: 'object', additionalProperties: true, properties: { b: { type: 'string' } } } }), 'output_schema/properties/a/additionalProperties'],
    ['a pattern, which may take for ever', object({ a: { type: 'string', pattern: '(a+)+$' } }), 'output_schema/properties/a/pattern'],
    ['a definition that contains itself', object({ a: { $ref: '#/$defs/a' } }, ['a'], { $defs: { a: object({ next: { $ref: '#/$defs/a' } }) } }), 'output_schema/$defs/a'],
  ])('%s is refused with its place and what to do', (_what, schema, place) => {
    expect(() => strictSchema(schema)).toThrow(expect.objectContaining({ code: 'parameters_invalid', message: expect.stringMatching(new RegExp(`^${place.replaceAll(/[/$]/g, String.raw`\$&`)}: .+; .+`)) }));
  });
});

describe('the answer', () => {
  const schema = object({ category: { type: 'string' }, group: { type: 'string' }, reason: { type: ['string', 'null'] }, owner: { $ref: '#/$defs/owner' } }, ['category', 'reason'], {
    $defs: { owner: object({ name: { type: 'string' }, desk: { type: 'string' } }, ['name']) },
  });

  test('loses the nulls that only we made possible, and keeps those that the author allowed', () => {
    expect(withoutFilledNulls({ category: 'network', group: null, reason: null, owner: { name: 'n', desk: null } }, schema)).toEqual({ category: 'network', reason: null, owner: { name: 'n' } });
  });

  test('keeps a null where a value is required, so that the check finds it', () => {
    expect(withoutFilledNulls({ category: null, reason: null }, schema)).toEqual({ category: null, reason: null });
  });
});
