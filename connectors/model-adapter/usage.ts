import type { JsonObject, TokenCounts, Usage } from '../sdk/connector.ts';
import { DEFAULT_MAX_OUTPUT_TOKENS, inputText, maxOutputTokensOf } from './question.ts';

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
 * The most that a call can use up: a token is at least one byte of text, and what is written to a cache costs more than what is not, but
 * is only written where it is asked for, which these connectors never do.
 */
export function estimateUsage(parameters: JsonObject): Usage[] {
  const sent = [parameters['prompt'] ?? '', inputText(parameters['input'] ?? ''), JSON.stringify(parameters['output_schema'] ?? null)];
  // The strict schema says every bound in words and names every property twice.
  const bytes = sent.reduce((sum: number, part, index) => sum + Buffer.byteLength(String(part), 'utf8') * (index === 2 ? 3 : 1), 0);
  const model = String(parameters['model']);
  return [
    { meter: 'model.input_tokens', model, quantity: bytes + FRAME_TOKENS, unit: 'token' },
    { meter: 'model.output_tokens', model, quantity: maxOutputTokensOf(parameters) || DEFAULT_MAX_OUTPUT_TOKENS, unit: 'token' },
  ];
}
