import type { JsonObject, TokenCounts, Usage } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { minimise } from './minimise.ts';
import { inputText, readQuestion } from './question.ts';
import type { Question } from './question.ts';

/** What providers put around the parts of a request, generously. */
const FRAME_TOKENS = 256;

/** What was used up, in the meters of the price table. Tokens that were not there have no row. */
export function usageOf(use: string, tokens: TokenCounts): Usage[] {
  const { input_tokens, cached_input_tokens, cache_write_tokens, output_tokens } = tokens;
  const rows: Array<[string, number]> = [
    ['model.input_tokens', Math.max(0, input_tokens - cached_input_tokens - cache_write_tokens)],
    ['model.cached_input_tokens', cached_input_tokens],
    ['model.cache_write_tokens', cache_write_tokens],
    ['model.output_tokens', output_tokens],
  ];
  return rows.filter(([, quantity]) => quantity > 0).map(([meter, quantity]) => ({ meter, model: use, quantity, unit: 'token' }));
}

/**
 * The most that a call can use up: a token is at least one byte of what is sent, and no answer is longer than its limit. The schema counts
 * twice, because providers put it into words of their own. Where the parameters cannot be asked with, nothing will be sent.
 */
export function estimateUsage(parameters: JsonObject): Usage[] {
  const question = askable(parameters);
  if (question === null) return [];
  const { use, instructions, strict, maxOutputTokens } = question;
  const input = inputText(minimise(question.input, question.minimise).value);
  const bytes = byteLength(instructions) + byteLength(input) + 2 * byteLength(JSON.stringify(strict));
  return [
    { meter: 'model.input_tokens', model: use, quantity: bytes + FRAME_TOKENS, unit: 'token' },
    { meter: 'model.output_tokens', model: use, quantity: maxOutputTokens, unit: 'token' },
  ];
}

function askable(parameters: JsonObject): Question | null {
  try {
    return readQuestion(parameters);
  } catch (error) {
    // `execute` says so, before it sends anything.
    if (error instanceof ConnectorError) return null;
    throw error;
  }
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
