import { expect, test } from 'vitest';
import type { ModelAnswer } from '../sdk/connector.ts';
import { keptModelAnswer } from './model-answer.ts';

const ANSWER: ModelAnswer = {
  requested: 'large', observed: 'large-2026-04-23', model_changed: false, response_id: 'resp_1', request_id: 'req_1', finish_reasons: ['completed'],
  usage: { input_tokens: 130, cached_input_tokens: 100, cache_write_tokens: 0, output_tokens: 7, reasoning_tokens: 5 }, minimised: { emails: 2 },
};

test('ids, words and counts are kept as they are', () => {
  expect(keptModelAnswer(ANSWER)).toEqual(ANSWER);
});

test('sentences, negative counts and fields that nobody knows are not, whoever wrote the connector', () => {
  const talkative = {
    ...ANSWER, observed: 'The printer is on fire', response_id: 'x'.repeat(300), finish_reasons: ['stop', 'because I wanted to'],
    usage: { ...ANSWER.usage, output_tokens: -1, said: 'hardware' }, minimised: { emails: 2, 'ada@example.org wrote': 1 }, content: 'hardware',
  };
  expect(keptModelAnswer(talkative)).toEqual({ ...ANSWER, observed: null, response_id: null, finish_reasons: ['stop'], usage: { ...ANSWER.usage, output_tokens: 0 }, minimised: { emails: 2 } });
});
