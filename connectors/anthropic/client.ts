import type { JsonObject, TokenCounts } from '../sdk/connector.ts';
import type { Ending, Provider } from '../model-adapter/provider.ts';
import { countOf, listOf, malformed, objectIn, objectOf, textOf, wordOf } from '../model-adapter/read-body.ts';
import { refusals } from './errors.ts';

/** Anthropic by its Messages API. Source: anthropics/anthropic-sdk-typescript, src/resources/messages. */
export const anthropicModels: Provider = {
  title: 'Anthropic',
  telemetryName: 'anthropic',
  refusals,
  expectedModel: ({ modelId }) => modelId,
  request: ({ modelId, instructions, strict, maxOutputTokens }, input) => ({
    method: 'POST', path: '/v1/messages', headers: { accept: 'application/json', 'anthropic-version': '2023-06-01' },
    json: {
      model: modelId, max_tokens: maxOutputTokens, system: instructions, messages: [{ role: 'user', content: input }],
      ...(strict === null ? {} : { output_config: { format: { type: 'json_schema', schema: strict } } }),
    },
  }),
  read: (body) => {
    const reason = wordOf(body['stop_reason']);
    return {
      ending: ENDINGS.get(reason ?? '') ?? 'unfinished',
      text: listOf(body['content'], 'content').filter((block) => block['type'] === 'text').map((block) => textOf(block['text'])).join(''),
      observed: wordOf(body['model']),
      responseId: wordOf(body['id']),
      finishReasons: reason === null ? [] : [reason],
      tokens: tokensOf(body),
    };
  },
  requestId: ({ headers }) => wordOf(headers['request-id'] ?? headers['x-request-id']),
};

const ENDINGS: ReadonlyMap<string, Ending> = new Map([
  ['end_turn', 'complete'], ['stop_sequence', 'complete'], ['max_tokens', 'truncated'], ['refusal', 'refused'], ['model_context_window_exceeded', 'context_window_exceeded'],
]);

/** Anthropic counts what comes from the cache and what goes into it beside `input_tokens`; here the three are one. */
function tokensOf(body: JsonObject): TokenCounts {
  if (body['usage'] === undefined || body['usage'] === null) throw malformed('it has no usage, so nobody knows what it cost');
  const usage = objectOf(body['usage'], 'usage');
  const cached_input_tokens = countOf(usage['cache_read_input_tokens']);
  const cache_write_tokens = countOf(usage['cache_creation_input_tokens']);
  return {
    input_tokens: countOf(usage['input_tokens']) + cached_input_tokens + cache_write_tokens, cached_input_tokens, cache_write_tokens,
    output_tokens: countOf(usage['output_tokens']), reasoning_tokens: countOf(objectIn(usage['output_tokens_details'])?.['thinking_tokens']),
  };
}
