import type { EgressRequest, JsonObject, TokenCounts } from '../sdk/connector.ts';
import type { Ending, ProviderAnswer } from './provider.ts';
import type { Question } from './question.ts';
import { countOf, listOf, malformed, objectIn, objectOf, textOf, wordOf } from './read-body.ts';

/** The Responses API, of OpenAI and of Azure's v1. Nothing is kept there (`store: false`). Source: openai/openai-node, src/resources/responses. */
export function responsesRequest(path: string, { modelId, instructions, strict, maxOutputTokens }: Question, input: string): EgressRequest {
  return {
    method: 'POST', path, headers: { accept: 'application/json' },
    json: {
      model: modelId, instructions, input: [{ role: 'user', content: [{ type: 'input_text', text: input }] }], max_output_tokens: maxOutputTokens, store: false,
      ...(strict === null ? {} : { text: { format: { type: 'json_schema', name: 'output', schema: strict, strict: true } } }),
    },
  };
}

export function readResponses(body: JsonObject): ProviderAnswer {
  const parts = listOf(body['output'], 'output').filter(({ type }) => type === 'message').flatMap((message) => listOf(message['content'], 'content'));
  const status = wordOf(body['status']);
  const reason = wordOf(objectIn(body['incomplete_details'])?.['reason']);
  return {
    ending: parts.some(({ type }) => type === 'refusal') && reason !== 'content_filter' ? 'refused' : endingOf(status, reason),
    text: parts.filter(({ type }) => type === 'output_text').map((part) => textOf(part['text'])).join(''),
    observed: wordOf(body['model']),
    responseId: wordOf(body['id']),
    finishReasons: [status, reason].filter((word) => word !== null),
    tokens: tokensOf(body),
  };
}

function endingOf(status: string | null, reason: string | null): Ending {
  if (status === 'completed') return 'complete';
  if (status !== 'incomplete') return 'unfinished';
  // Compatible servers leave the reason out; an answer ends before its time mostly because it is long.
  return reason === 'content_filter' ? 'content_filtered' : 'truncated';
}

function tokensOf(body: JsonObject): TokenCounts {
  if (body['usage'] === undefined || body['usage'] === null) throw malformed('it has no usage, so nobody knows what it cost');
  const usage = objectOf(body['usage'], 'usage');
  const input = objectIn(usage['input_tokens_details']) ?? {};
  const output = objectIn(usage['output_tokens_details']) ?? {};
  return {
    input_tokens: countOf(usage['input_tokens']), cached_input_tokens: countOf(input['cached_tokens']), cache_write_tokens: countOf(input['cache_write_tokens']),
    output_tokens: countOf(usage['output_tokens']), reasoning_tokens: countOf(output['reasoning_tokens']),
  };
}
