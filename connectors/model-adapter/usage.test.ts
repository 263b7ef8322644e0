import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anthropicModels } from '../anthropic/client.ts';
import { azureModels } from '../azure-openai/client.ts';
import { openaiModels } from '../openai/client.ts';
import type { Json } from '../sdk/connector.ts';
import { minimise } from './minimise.ts';
import { MINIMISED_KINDS } from './find-sensitive.ts';
import { isChangedModel } from './observed-model.ts';
import { inputText, readQuestion } from './question.ts';
import { estimateUsage, usageOf } from './usage.ts';

const INSTANCE = { id: 'ins_1', name: 'models', baseUrl: 'https://example.com', settings: {} };
const SCHEMA = { type: 'object', properties: { a: { const: 1 }, b: { enum: ['x'] }, c: { type: ['string', 'null'], maxLength: 3 } } };

describe('what a call may use up at most', () => {
  test('is no less than the bytes of all texts that are sent, whatever is minimised, and the limit of the answer', () => {
    const question = fc.record({
      model: fc.constant('openai/gpt-5.4-mini'), prompt: fc.string({ unit: 'binary', minLength: 1 }),
      input: fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('a@b.co', '::1', '1.1.1.1', '+1 234 567')).map((parts) => parts.join(' ')), fc.object().map((value) => JSON.parse(JSON.stringify(value)) as Json)),
      output_schema: fc.constantFrom(null, SCHEMA), minimise: fc.subarray([...MINIMISED_KINDS]), max_output_tokens: fc.integer({ min: 1, max: 128_000 }),
    });
    fc.assert(fc.property(question, (parameters) => {
      const [input, output] = estimateUsage(parameters as Parameters<typeof estimateUsage>[0]);
      const asked = readQuestion(parameters as Parameters<typeof readQuestion>[0]);
      const text = inputText(minimise(asked.input, asked.minimise).value);
      const sent = [asked.instructions, text, asked.strict === null ? '' : JSON.stringify(asked.strict)].reduce((sum, part) => sum + Buffer.byteLength(part), 0);
      expect(input!.quantity).toBeGreaterThanOrEqual(sent);
      expect(output!.quantity).toBe(parameters.max_output_tokens);
      for (const provider of [openaiModels, azureModels, anthropicModels]) expect(JSON.stringify(provider.request(asked, text, INSTANCE).json)).toContain(JSON.stringify(text));
    }));
  });

  test('is nothing where the schema cannot be asked for, because nothing will be sent', () => {
    expect(estimateUsage({ model: 'openai/x', prompt: 'p', input: 'i', output_schema: { type: 'object', properties: { a: { type: 'string', pattern: '^a' } } } })).toEqual([]);
  });
});

test('tokens are metered once each: what came from a cache is not input again', () => {
  const tokens = { input_tokens: 130, cached_input_tokens: 100, cache_write_tokens: 20, output_tokens: 7, reasoning_tokens: 5 };
  expect(usageOf('a/b', tokens).map(({ meter, quantity }) => [meter, quantity])).toEqual([
    ['model.input_tokens', 10], ['model.cached_input_tokens', 100], ['model.cache_write_tokens', 20], ['model.output_tokens', 7],
  ]);
  expect(usageOf('a/b', { ...tokens, input_tokens: 90 })[0]).toMatchObject({ meter: 'model.cached_input_tokens' });
});

test.each([
  ['gpt-5.5', 'gpt-5.5', false], ['gpt-5.5', 'gpt-5.5-2026-04-23', false], ['gpt-5.5-2026-04-23', 'gpt-5.5', true], ['gpt-5.5-2026-04-23', 'gpt-5.5-2026-08-01', true],
  ['gpt-5.5', 'gpt-5.5-mini', true], ['gpt-5.5', 'gpt-5.5-mini-2026-04-23', true], ['claude-haiku-4-5', 'claude-haiku-4-5@20251001', false], [null, 'gpt-5.5', null], ['gpt-5.5', null, null],
])('asked for %s, %s answered: changed is %s', (expected, observed, changed) => {
  expect(isChangedModel(expected, observed)).toBe(changed);
});
