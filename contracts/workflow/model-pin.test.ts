import { expect, test } from 'vitest';
import { canBePinned } from './model-pin.ts';

test.each([
  ['openai/gpt-5.4-mini-2026-03-17', true], ['openai/gpt-6.1-sol', true], ['anthropic/claude-haiku-4-5', true], ['anthropic/claude-haiku-4-5-20251001', true],
  ['azure-openai/triage-mini', true], ['classifier/local', true], ['openai/greatest', true],
  ['anthropic/claude-sonnet-latest', false], ['openai/gpt-5-chat-latest', false], ['openai/latest', false], ['openai/vendor/model:latest', false], ['openai/auto', false], ['openai/openrouter/auto', false], ['openai/GPT-Latest', false],
])('%s can be pinned: %s', (use, expected) => {
  expect(canBePinned(use)).toBe(expected);
});
