import { expect, test } from 'vitest';
import type { JsonSchema } from '@countersign/contracts/connectors/manifest.ts';
import type { Json } from '../sdk/connector.ts';
import { checkOutput } from './check-output.ts';

const SCHEMA: JsonSchema = {
  type: 'object', additionalProperties: false, required: ['category', 'confidence'],
  properties: { category: { enum: ['network', 'software'] }, confidence: { type: 'number', minimum: 0, maximum: 1 }, note: { type: 'string', maxLength: 20 } },
};
const asItIs = (answer: Json): Json => answer;
const check = (text: string, schema: JsonSchema | null = SCHEMA) => checkOutput(text, schema, asItIs);

test('an answer in the schema is the output; nulls that stand for nothing are gone', () => {
  expect(check('{"category":"network","confidence":0.9,"note":null}')).toEqual({ output: { category: 'network', confidence: 0.9 } });
});

test.each<[string, string, RegExp]>([
  ['prose', 'The category is network.', /no JSON$/],
  ['JSON that was cut', '{"category":"netw', /no JSON$/],
  ['a list', '["network"]', /no JSON object$/],
  ['a bound that no strict mode holds', '{"category":"network","confidence":1.5}', /confidence\/maximum/],
  ['a value that is none', '{"category":"gossip","confidence":1}', /category\/enum/],
  ['something missing', '{"confidence":1}', /required/],
  ['something more', '{"category":"network","confidence":1,"sudo":"Secret of INC0010001"}', /additionalProperties/],
  ['a text that is too long', `{"category":"network","confidence":1,"note":"${'n'.repeat(21)}"}`, /note\/maxLength/],
])('%s is no output, and what is told of it is ours', (_what, text, problem) => {
  const checked = check(text);
  expect(checked).toEqual({ problem: expect.stringMatching(problem) });
  expect(JSON.stringify(checked)).not.toMatch(/sudo|Secret|gossip|nnnn/);
});

test('no prototype comes in', () => {
  const checked = check('{"category":"network","confidence":1,"__proto__":{"polluted":true}}');
  expect(checked).toEqual({ output: { category: 'network', confidence: 1 } });
  expect(Object.getPrototypeOf('output' in checked ? checked.output : null)).toBe(Object.prototype);
});

test('without a schema the text is the output', () => {
  expect(check('Plain words', null)).toEqual({ output: { text: 'Plain words' } });
});

test('an `$id` may be used by two workflows for different schemas', () => {
  const named = (value: string): JsonSchema => ({ $id: 'https://example.com/triage', type: 'object', required: ['a'], properties: { a: { const: value } } });
  expect(check('{"a":"x"}', named('x'))).toEqual({ output: { a: 'x' } });
  expect(check('{"a":"x"}', named('y'))).toHaveProperty('problem');
});

test('what placeholders stand for is put back before the answer is checked', () => {
  const schema: JsonSchema = { type: 'object', required: ['a'], properties: { a: { type: 'string', maxLength: 9 } } };
  expect(checkOutput('{"a":"[email-1]"}', schema, () => ({ a: 'a-long-one@example.com' }))).toHaveProperty('problem');
});

test('a property that every object inherits by its name is missing all the same', () => {
  const schema = { type: 'object', properties: { toString: { type: 'string' } }, required: ['toString'] };
  expect(checkOutput('{}', schema, (answer) => answer)).toEqual({ problem: 'it breaks #/required' });
  expect(checkOutput('{"toString":"a"}', schema, (answer) => answer)).toEqual({ output: { toString: 'a' } });
});
