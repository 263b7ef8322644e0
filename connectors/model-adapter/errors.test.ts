import { expect, test } from 'vitest';
import type { EgressResponse, Json } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { anthropicModels } from '../anthropic/client.ts';
import { azureModels } from '../azure-openai/client.ts';
import { openaiModels } from '../openai/client.ts';
import { errorOfResponse } from './errors.ts';
import type { Provider } from './provider.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

function answered(status: number, body: Json | null, headers: Record<string, string> = {}): EgressResponse {
  return {
    status, headers, body: new Uint8Array(),
    json: () => {
      if (body === null) throw new ConnectorError({ code: 'response_not_json', message: 'a page', effect: 'none', retryable: true });
      return body;
    },
  };
}
const ALL = [openaiModels, azureModels, anthropicModels];
const providersOf = (what: string): Provider[] => ALL.filter(({ title }) => what.startsWith(`${title}:`)).concat(/^[A-Z][a-z A-Z]+: /.test(what) ? [] : ALL);
const openai = (code: string | null, type = 'error'): Json => ({ error: { message: 'Ticket INC0010001 says hello', type, param: null, code } });
const anthropic = (type: string, details: Json = null): Json => ({ type: 'error', error: { type, message: 'Ticket INC0010001 says hello', details }, request_id: 'req_1' });

test.each<[string, EgressResponse, { code: string; retryable: boolean; retryAfterMs?: number }]>([
  ['OpenAI: no credit left is no rate limit', answered(429, openai('insufficient_quota', 'insufficient_quota'), { 'retry-after': '1' }), { code: 'model_spend_limit', retryable: false }],
  ['OpenAI: credit used up, in its newer words', answered(429, openai('credit_balance_exhausted')), { code: 'model_spend_limit', retryable: false }],
  ['Anthropic: an enforced spending limit', answered(429, anthropic('rate_limit_error', { error_code: 'enforced_spend_limit_reached' })), { code: 'model_spend_limit', retryable: false }],
  ['Anthropic: billing', answered(402, anthropic('billing_error')), { code: 'model_spend_limit', retryable: false }],
  ['a rate limit in seconds', answered(429, openai('rate_limit_exceeded'), { 'retry-after': '7' }), { code: 'peer_rate_limited', retryable: true, retryAfterMs: 7_000 }],
  ['a rate limit in milliseconds', answered(429, openai('rate_limit_exceeded'), { 'retry-after-ms': '250', 'retry-after': '1' }), { code: 'peer_rate_limited', retryable: true, retryAfterMs: 250 }],
  ['a rate limit until a time', answered(429, null, { 'retry-after': 'Sat, 21 Nov 2026 12:00:05 GMT' }), { code: 'peer_rate_limited', retryable: true, retryAfterMs: 5_000 }],
  ['Anthropic: overloaded', answered(529, anthropic('overloaded_error')), { code: 'model_overloaded', retryable: true }],
  ['503 without words', answered(503, null, { 'retry-after': '3' }), { code: 'model_overloaded', retryable: true, retryAfterMs: 3_000 }],
  ['Azure OpenAI: the content filter', answered(400, { error: { code: 'content_filter', message: 'INC0010001', innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: {} } } }), { code: 'model_content_filtered', retryable: false }],
  ['OpenAI: a prompt that is too long', answered(400, openai('context_length_exceeded', 'invalid_request_error')), { code: 'parameters_invalid', retryable: false }],
  ['Anthropic: a prompt that is too long', answered(400, { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens' } }), { code: 'parameters_invalid', retryable: false }],
  ['Anthropic: a model that is not there', answered(404, anthropic('not_found_error')), { code: 'peer_not_found', retryable: false }],
  ['Azure OpenAI: a deployment that is not there', answered(404, { error: { code: 'DeploymentNotFound', message: 'INC0010001' } }), { code: 'peer_not_found', retryable: false }],
  ['OpenAI: a code that is a word of our own language', answered(400, openai('constructor', 'toString')), { code: 'peer_refused', retryable: false }],
  ['a wrong key', answered(401, anthropic('authentication_error')), { code: 'peer_unauthenticated', retryable: false }],
  ['a request that it does not take', answered(400, openai('unknown_parameter', 'invalid_request_error')), { code: 'peer_refused', retryable: false }],
  ['a fault of its own', answered(500, anthropic('api_error')), { code: 'peer_unavailable', retryable: true }],
])('%s', (what, response, expected) => {
  const providers = providersOf(what);
  expect(providers.length).toBeGreaterThan(0);
  for (const provider of providers) {
    const error = errorOfResponse(response, provider, NOW);
    expect({ code: error.code, retryable: error.retryable, ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }) }).toEqual(expected);
    // A provider's sentence may quote the ticket.
    expect(error.message).not.toContain('INC0010001');
  }
});
