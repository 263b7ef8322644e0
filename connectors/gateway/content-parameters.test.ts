import { expect, test } from 'vitest';
import { withContent, withoutContent } from './content-parameters.ts';

const PARAMETERS = { prompt: 'Sort it', input: { b: [1, null], a: 'The printer is on fire' }, other: 'kept' };
const POINTERS = ['/prompt', '/input', '/absent'];

test('texts, and objects that hold some, stand in the action by their digest and come back as they were', () => {
  const { parameters, content } = withoutContent(PARAMETERS, POINTERS);
  expect(parameters).toEqual({
    prompt: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, length: 7 },
    input: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, length: 43, json: true }, other: 'kept',
  });
  expect(content).toEqual({ '/prompt': 'Sort it', '/input': '{"a":"The printer is on fire","b":[1,null]}' });
  expect(withContent(parameters, POINTERS, content)).toEqual(PARAMETERS);
});

test('the order of an object\'s keys makes no other action; another value does', () => {
  const digest = (input: object): unknown => withoutContent({ input: input as typeof PARAMETERS.input }, ['/input']).parameters['input'];
  expect(digest({ a: PARAMETERS.input.a, b: PARAMETERS.input.b })).toEqual(digest(PARAMETERS.input));
  expect(digest({ ...PARAMETERS.input, a: 'The printer is fine' })).not.toEqual(digest(PARAMETERS.input));
});

test('an object that is not the one that was approved is refused', () => {
  const { parameters, content } = withoutContent(PARAMETERS, POINTERS);
  expect(() => withContent(parameters, POINTERS, { ...content, '/input': '{"a":"Pay me"}' })).toThrow('/input');
});
