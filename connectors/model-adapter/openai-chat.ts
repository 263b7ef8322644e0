import type { EgressRequest, JsonObject, TokenCounts } from '../sdk/connector.ts';
import type { Ending, ProviderAnswer } from './provider.ts';
import type { Question } from './question.ts';
import { countOf, listOf, malformed, objectIn, objectOf, textOf, wordOf } from './read-body.ts';

/** Chat Completions, for Azure's dated API and for compatible servers. `store` is left out: not storing is the default, and old servers refuse the word. */
export function chatRequest(where: Pick<EgressRequest, 'path' | 'query'>, { modelId, instructions, strict, maxOutputTokens }: Question, input: string): EgressRequest {
  return {
    method: 'POST', ...where, headers: { accept: 'application/json' },
    json: {
      model: modelId, messages: [{ role: 'system', content: instructions }, { role: 'user', content: input }], max_completion_tokens: maxOutputTokens,
      ...(strict === null ? {} : { response_format: { type: 'json_schema', json_schema: { name: 'output', schema: strict, strict: true } } }),
    },
  };
}

export function readChat(body: JsonObject): ProviderAnswer {
  const [choice] = listOf(body['choices'], 'choices');
  if (choice === undefined) throw malformed('it has no choice');
  const message = objectOf(choice['message'], 'message');
  const reason = wordOf(choice['finish_reason']);
  return {
    ending: textOf(message['refusal']) !== '' && reason !== 'content_filter' ? 'refused' : endingOf(reason),
    text: textOf(message['content']),
    observed: wordOf(body['model']),
    responseId: wordOf(body['id']),
    finishReasons: reason === null ? [] : [reason],
    tokens: tokensOf(body),
  };
}

function endingOf(reason: string | null): Ending {
  switch (reason) {
    case 'stop': return 'complete';
    case 'length': return 'truncated';
    case 'content_filter': return 'content_filtered';
    default: return 'unfinished';
  }
}

function tokensOf(body: JsonObject): TokenCounts {
  if (body['usage'] === undefined || body['usage'] === null) throw malformed('it has no usage, so nobody knows what it cost');
  const usage = objectOf(body['usage'], 'usage');
  const input = objectIn(usage['prompt_tokens_details']) ?? {};
  const output = objectIn(usage['completion_tokens_details']) ?? {};
  return {
    input_tokens: countOf(usage['prompt_tokens']), cached_input_tokens: countOf(input['cached_tokens']), cache_write_tokens: countOf(input['cache_write_tokens']),
    output_tokens: countOf(usage['completion_tokens']), reasoning_tokens: countOf(output['reasoning_tokens']),
  };
}
