import { LLMock } from '@copilotkit/aimock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRecordedProvider } from '../model-adapter/sandbox/recorded-provider.ts';
import type { RecordedAnswer, RecordedProvider } from '../model-adapter/sandbox/recorded-provider.ts';
import { LABEL_SCHEMA, modelGateway } from '../model-adapter/testing/model-gateway.ts';
import type { ModelGateway } from '../model-adapter/testing/model-gateway.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { anthropic } from './connector.ts';

const MODEL = 'anthropic/claude-haiku-4-5';
const KEY = 'sk-ant-test-0123456789';
const open: Array<{ stop(): Promise<void> }> = [];
let gateway: ModelGateway;

function before(url: string, settings: JsonObject = {}): ModelGateway {
  gateway = modelGateway({ connector: anthropic, url, credential: { kind: 'api_key', header: 'x-api-key', value: KEY }, model: MODEL, settings });
  return gateway;
}

afterEach(async () => {
  await gateway.close();
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

/** A simulator that others wrote: it takes only what the Messages API takes. */
describe('before aimock', () => {
  let mock: LLMock;
  beforeEach(async () => {
    mock = new LLMock({ port: 0, strict: true });
    open.push(mock);
    before(await mock.start());
  });

  test('an answer in the schema is the output, and what it counted is metered and priced', async () => {
    mock.on({ userMessage: /printer/ }, { content: '{"label":"hardware"}', usage: { input_tokens: 120, output_tokens: 9 } });
    expect(await gateway.ask()).toMatchObject({ kind: 'succeeded', output: { label: 'hardware' }, outputLabels: expect.arrayContaining(['model_output']) as unknown });
    expect(gateway.lastOutcome()).toMatchObject({
      state: 'succeeded', model: { requested: 'claude-haiku-4-5', finish_reasons: ['end_turn'], usage: { input_tokens: 120, output_tokens: 9 } },
      costs: [
        { meter: 'connector.call' },
        { meter: 'model.input_tokens', model: MODEL, quantity: 120, amount_usd: '0.000120000', is_priced: true },
        { meter: 'model.output_tokens', model: MODEL, quantity: 9, amount_usd: '0.000045000', is_priced: true },
      ],
    });
  });

  test('429 says when to ask again, 529 that it has too much to do; both asked once', async () => {
    mock.on({ userMessage: /printer/ }, { error: { message: 'Slow down', type: 'rate_limit_error' }, status: 429, retryAfter: 7 });
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'peer_rate_limited', retryable: true, retryAfterMs: 7_000 } });
    expect(mock.getRequests()).toHaveLength(1);
    mock.clearFixtures().on({ userMessage: /printer/ }, { error: { message: 'Overloaded', type: 'overloaded_error' }, status: 529 });
    gateway.made.later(60_000);
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'model_overloaded', retryable: true } });
    expect(mock.getRequests()).toHaveLength(2);
  });

  test('a truncated answer is not parsed, and was billed', async () => {
    mock.on({ userMessage: /printer/ }, { content: '{"label":"hard', finishReason: 'length', usage: { input_tokens: 120, output_tokens: 4 } });
    expect(await gateway.ask({ max_output_tokens: 4 })).toMatchObject({ kind: 'failed', error: { code: 'model_truncated', retryable: false } });
    expect(gateway.lastOutcome()).toMatchObject({ model: { finish_reasons: ['max_tokens'] }, costs: [{ meter: 'model.input_tokens', quantity: 120 }, { meter: 'model.output_tokens', quantity: 4 }] });
  });

  test.each([
    ['no JSON', 'It is hardware.', 'it is no JSON'],
    ['another shape', '{"kind":"hardware"}', 'it breaks #/required'],
    ['a bound that the strict schema cannot say', '{"label":"hardware, but rather long"}', 'it breaks #/properties/label/maxLength'],
  ])('an answer that is %s may be asked for again by the engine, and was billed', async (_what, content, why) => {
    mock.on({ userMessage: /printer/ }, { content, usage: { input_tokens: 120, output_tokens: 9 } });
    const result = await gateway.ask();
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'model_answer_invalid', retryable: true, message: expect.stringContaining(why) as unknown } });
    expect(JSON.stringify(result)).not.toContain('hardware');
    expect(gateway.lastOutcome().costs).toHaveLength(2);
  });
});

/** Bytes as Anthropic sends them, for what the simulator does not show. */
describe('before recorded answers', () => {
  let provider: RecordedProvider;
  beforeEach(async () => {
    provider = await startRecordedProvider(message({}));
    open.push(provider);
    before(provider.url);
  });

  test('the request is one POST with the strict schema, and the key is in its header alone', async () => {
    await gateway.ask({ max_output_tokens: 300 });
    expect(provider.requests).toHaveLength(1);
    const [request] = provider.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v1/messages', headers: { 'anthropic-version': '2023-06-01', 'x-api-key': KEY } });
    expect(request?.body).toEqual({
      model: 'claude-haiku-4-5', max_tokens: 300, system: 'Say which kind of ticket it is.',
      messages: [{ role: 'user', content: '{\n  "short_description": "The printer is on fire"\n}' }],
      output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: { label: { type: 'string', description: '(maxLength 20)' } }, required: ['label'], additionalProperties: false } } },
    });
  });

  test('without a schema the output is the text', async () => {
    provider.answer(message({ content: [{ type: 'thinking', thinking: 'Hm.' }, { type: 'text', text: 'It is ' }, { type: 'text', text: 'hardware.' }] }));
    expect(await gateway.ask({ output_schema: null })).toMatchObject({ kind: 'succeeded', output: { text: 'It is hardware.' } });
    expect(provider.requests[0]?.body).not.toHaveProperty('output_config');
  });

  test('tokens of the cache are counted in the input, and each kind has its price', async () => {
    provider.answer(message({ usage: { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 20, output_tokens: 7, output_tokens_details: { thinking_tokens: 5 } } }));
    await gateway.ask();
    expect(gateway.lastOutcome()).toMatchObject({
      model: { request_id: 'req_011', response_id: 'msg_01', usage: { input_tokens: 130, cached_input_tokens: 100, cache_write_tokens: 20, output_tokens: 7, reasoning_tokens: 5 } },
      costs: [
        { meter: 'connector.call' },
        { meter: 'model.input_tokens', quantity: 10, amount_usd: '0.000010000' },
        { meter: 'model.cached_input_tokens', quantity: 100, amount_usd: '0.000010000' },
        { meter: 'model.cache_write_tokens', quantity: 20, amount_usd: '0.000025000' },
        { meter: 'model.output_tokens', quantity: 7, amount_usd: '0.000035000' },
      ],
    });
  });

  test.each([
    ['refusal', 'model_refused', false],
    ['max_tokens', 'model_truncated', false],
    ['model_context_window_exceeded', 'model_truncated', false],
    ['pause_turn', 'response_invalid', true],
    ['a reason of tomorrow', 'response_invalid', true],
  ])('an answer that ended by %s is %s, and was billed', async (stop_reason, code, retryable) => {
    provider.answer(message({ stop_reason, content: [{ type: 'text', text: '{"label":"hardware"}' }] }));
    const result = await gateway.ask();
    expect(result).toMatchObject({ kind: 'failed', error: { code, retryable } });
    expect(gateway.lastOutcome()).toMatchObject({ model: { response_id: 'msg_01' }, costs: [{ meter: 'model.input_tokens' }, { meter: 'model.output_tokens' }] });
  });

  test.each([
    ['a spending limit that no waiting lifts', 429, { type: 'rate_limit_error', message: 'Limit', details: { error_code: 'enforced_spend_limit_reached' } }, 'model_spend_limit', false],
    ['billing', 403, { type: 'billing_error', message: 'Your credit balance is too low' }, 'model_spend_limit', false],
    ['a key that is not one', 401, { type: 'authentication_error', message: `invalid x-api-key ${KEY}` }, 'peer_unauthenticated', false],
    ['a model that there is not', 404, { type: 'not_found_error', message: 'model: claude-nothing' }, 'peer_not_found', false],
    ['a prompt longer than the window', 400, { type: 'invalid_request_error', message: 'prompt is too long: 250000 tokens > 200000 maximum' }, 'parameters_invalid', false],
    ['a request larger than it takes', 413, { type: 'request_too_large', message: 'Request exceeds the maximum size' }, 'parameters_invalid', false],
    ['another refusal, which quotes the prompt', 400, { type: 'invalid_request_error', message: 'The printer is on fire' }, 'peer_refused', false],
    ['a fault of its own', 500, { type: 'api_error', message: 'Internal server error' }, 'peer_unavailable', true],
  ])('%s', async (_what, status, error, code, retryable) => {
    provider.answer({ status, body: { type: 'error', error, request_id: 'req_011' } });
    const result = await gateway.ask();
    expect(result).toMatchObject({ kind: 'failed', error: { code, retryable } });
    const said = JSON.stringify([result, gateway.lastOutcome(), gateway.made.errors]);
    expect([said.includes(KEY), said.includes('printer')]).toEqual([false, false]);
    expect(provider.requests).toHaveLength(1);
    expect(gateway.lastOutcome()).not.toHaveProperty('model');
  });

  test.each([
    ['claude-haiku-4-5', false], ['claude-haiku-4-5-20251001', false], ['claude-haiku-4-5-preview', true], ['claude-haiku-5-5', true],
  ])('%s answered: changed is %s', async (observed, changed) => {
    provider.answer(message({ model: observed }));
    expect((await gateway.ask()).kind).toBe('succeeded');
    expect(gateway.lastOutcome().model).toMatchObject({ requested: 'claude-haiku-4-5', observed, model_changed: changed });
  });

  test('an instance may refuse the answers of another model; they were billed', async () => {
    await gateway.close();
    before(provider.url, { refuse_changed_model: true });
    provider.answer(message({ model: 'claude-haiku-5-5' }));
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'model_invalid', retryable: false } });
    expect(gateway.lastOutcome()).toMatchObject({ model: { model_changed: true, observed: 'claude-haiku-5-5' }, costs: [{ meter: 'model.input_tokens' }, { meter: 'model.output_tokens' }] });
  });

  test.each<[string, JsonObject, string]>([
    ['that cannot be asked for', { type: 'object', properties: { label: { type: 'string', pattern: '^a' } } }, 'output_schema/properties/label/pattern'],
    ['that is none', { type: 'object', properties: { label: { type: 'string', maxLength: 'four' } } }, 'maxLength must be integer'],
  ])('a schema %s is refused before anything is asked', async (_what, output_schema, why) => {
    expect(await gateway.ask({ output_schema })).toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid', message: expect.stringContaining(why) as unknown } });
    expect(provider.requests).toHaveLength(0);
  });

  test('a schema may say which draft it is of', async () => {
    expect((await gateway.ask({ output_schema: { ...LABEL_SCHEMA, $schema: 'http://json-schema.org/draft-07/schema#' } })).kind).toBe('succeeded');
  });

  test('what is minimised does not leave, and comes back in the output', async () => {
    provider.answer(message({ content: [{ type: 'text', text: '{"label":"mail [email-1]"}' }] }));
    const schema = { ...LABEL_SCHEMA, properties: { label: { type: 'string', maxLength: 60 } } };
    const result = await gateway.ask({ input: { text: 'From ada@example.org to bob@example.org at 10.1.2.3' }, output_schema: schema, minimise: ['emails', 'ip_addresses'] });
    expect(result).toMatchObject({ kind: 'succeeded', output: { label: 'mail ada@example.org' } });
    expect(JSON.stringify(provider.requests[0]?.body)).toContain('From [email-1] to [email-2] at [ip-1]');
    expect(gateway.lastOutcome().model?.minimised).toEqual({ emails: 2, ip_addresses: 1 });
  });

  test('an answer without usage is no answer: nobody would know what it cost', async () => {
    provider.answer({ body: { id: 'msg_01', type: 'message', model: 'claude-haiku-4-5', stop_reason: 'end_turn', content: [] } });
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'response_invalid' } });
  });
});

/** A message as the Messages API gives it. */
function message(changes: JsonObject): RecordedAnswer {
  return {
    headers: { 'request-id': 'req_011' },
    body: {
      id: 'msg_01', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', stop_reason: 'end_turn', stop_sequence: null,
      content: [{ type: 'text', text: '{"label":"hardware"}' }], usage: { input_tokens: 20, output_tokens: 6 }, ...changes,
    },
  };
}
