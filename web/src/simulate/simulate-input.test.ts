import schema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { exampleOf } from './example-input.ts';
import { placeInJson } from './json-place.ts';

it('the example is an input that the contract takes', () => {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  expect([validate(exampleOf(schema)), validate.errors]).toEqual([true, null]);
});

describe('placeInJson', () => {
  const text = '{\n  "a": [1, {"b/c": "x"}],\n  "d~": { "e": null }\n}';
  it.each([
    ['', 1, 1], ['/a', 2, 8], ['/a/0', 2, 9], ['/a/1', 2, 12], ['/a/1/b~1c', 2, 20], ['/d~0/e', 3, 16], ['/d~0/missing', 3, 9], ['/nowhere', 1, 1], ['/a/7', 2, 8],
  ])('%j', (pointer, line, column) => expect(placeInJson(text, pointer)).toEqual({ line, column }));
  it.each(['', '{', 'no json'])('takes %j as well', (broken) => expect(placeInJson(broken, '/a')).toEqual({ line: 1, column: 1 }));
});
