import { LLMock } from '@copilotkit/aimock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRecordedProvider } from '../model-adapter/sandbox/recorded-provider.ts';
import type { RecordedAnswer, RecordedProvider } from '../model-adapter/sandbox/recorded-provider.ts';
import { modelGateway } from '../model-adapter/testing/model-gateway.ts';
import type { ModelGateway } from '../model-adapter/testing/model-gateway.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { openai } from './connector.ts';

const MODEL = 'openai/gpt-5.4-mini';
const KEY = 'sk-proj-test-0123456789';
const open: Array<{ stop(): Promise<void> }> = [];
let gateway: ModelGateway;

function before(url: string, settings: JsonObject = {}): ModelGateway {
  gateway = modelGateway({ connector: openai, url, credential: { kind: 'bearer', token: KEY }, model: MODEL, settings });
  return gateway;
}

afterEach(async () => {
  await gateway.close();
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

/** A simulator that others wrote, asked in both ways that an instance may be set to. */
describe.each([['the Responses API', {}], ['Chat Completions', { api: 'chat' }]])('before aimock, by %s', (_api, settings) => {
  let mock: LLMock;
  // Each API has words of its own for the same counts.
  const usage = (input: number, output: number) => ({ input_tokens: input, output_tokens: output, prompt_tokens: input, completion_tokens: output });
  beforeEach(async () => {
    mock = new LLMock({ port: 0, strict: true });
    open.push(mock);
    before(await mock.start(), settings);
  });

  test('an answer in the schema is the output, and what it counted is metered and priced', async () => {
    mock.on({ userMessage: /printer/ }, { content: '{"label":"hardware"}', usage: usage(120, 9), model: 'gpt-5.4-mini-2026-03-17' });
    expect(await gateway.ask()).toMatchObject({ kind: 'succeeded', output: { label: 'hardware' }, outputLabels: expect.arrayContaining(['model_output']) as unknown });
    expect(gateway.lastOutcome()).toMatchObject({
      state: 'succeeded', model: { requested: 'gpt-5.4-mini', observed: 'gpt-5.4-mini-2026-03-17', model_changed: false, usage: { input_tokens: 120, output_tokens: 9 } },
      costs: [
        { meter: 'connector.call' },
        { meter: 'model.input_tokens', model: MODEL, quantity: 120, amount_usd: '0.000090000', is_priced: true },
        { meter: 'model.output_tokens', model: MODEL, quantity: 9, amount_usd: '0.000040500', is_priced: true },
      ],
    });
  });

  test('429 says when to ask again, 529 that it has too much to do; each is one request', async () => {
    mock.on({ userMessage: /printer/ }, { error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' }, status: 429, retryAfter: 7 });
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'peer_rate_limited', retryable: true, retryAfterMs: 7_000 } });
    expect(mock.getRequests()).toHaveLength(1);
    mock.clearFixtures().on({ userMessage: /printer/ }, { error: { message: 'Overloaded', type: 'server_error' }, status: 529 });
    gateway.made.later(60_000);
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'model_overloaded', retryable: true } });
    expect(mock.getRequests()).toHaveLength(2);
  });

  test('credit that is used up is not waited for', async () => {
    mock.on({ userMessage: /printer/ }, { error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' }, status: 429, retryAfter: 1 });
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'model_spend_limit', retryable: false } });
  });

  test('a truncated answer is not parsed, and was billed', async () => {
    mock.on({ userMessage: /printer/ }, { content: '{"label":"hard', finishReason: 'length', usage: usage(120, 4) });
    expect(await gateway.ask({ max_output_tokens: 4 })).toMatchObject({ kind: 'failed', error: { code: 'model_truncated', retryable: false } });
    expect(gateway.lastOutcome().costs).toMatchObject([{ meter: 'model.input_tokens', quantity: 120 }, { meter: 'model.output_tokens', quantity: 4 }]);
  });

  test.each([
    ['no JSON', 'It is hardware.', 'it is no JSON'],
    ['another shape', '{"kind":"hardware"}', 'it breaks #/required'],
    ['a bound that the strict schema cannot say', '{"label":"hardware, but rather long"}', 'it breaks #/properties/label/maxLength'],
  ])('an answer that is %s may be asked for again by the engine, and was billed', async (_what, content, why) => {
    mock.on({ userMessage: /printer/ }, { content, usage: usage(120, 9) });
    const result = await gateway.ask();
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'model_answer_invalid', retryable: true, message: expect.stringContaining(why) as unknown } });
    expect(JSON.stringify(result)).not.toContain('hardware');
    expect(gateway.lastOutcome().costs).toHaveLength(2);
  });
});

/** Bytes as OpenAI sends them, for what the simulator does not show. */
describe('before recorded answers of the Responses API', () => {
  let provider: RecordedProvider;
  beforeEach(async () => {
    provider = await startRecordedProvider(response({}));
    open.push(provider);
    before(provider.url);
  });

  test('the request is one POST with the strict schema, nothing is kept, and the key is in its header alone', async () => {
    await gateway.ask({ max_output_tokens: 300 });
    expect(provider.requests).toHaveLength(1);
    const [request] = provider.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/v1/responses', headers: { authorization: `Bearer ${KEY}` } });
    expect(request?.body).toEqual({
      model: 'gpt-5.4-mini', instructions: 'Say which kind of ticket it is.', max_output_tokens: 300, store: false,
      input: [{ role: 'user', content: [{ type: 'input_text', text: '{\n  "short_description": "The printer is on fire"\n}' }] }],
      text: { format: { type: 'json_schema', name: 'output', strict: true, schema: { type: 'object', properties: { label: { type: 'string', description: '(maxLength 20)' } }, required: ['label'], additionalProperties: false } } },
    });
  });

  test('cached tokens are part of the input and have their price; reasoning is part of the output', async () => {
    provider.answer(response({ usage: { input_tokens: 130, input_tokens_details: { cached_tokens: 100 }, output_tokens: 70, output_tokens_details: { reasoning_tokens: 64 }, total_tokens: 200 } }));
    expect(await gateway.ask()).toMatchObject({ kind: 'succeeded', output: { label: 'hardware' } });
    expect(gateway.lastOutcome()).toMatchObject({
      model: { request_id: 'req_011', response_id: 'resp_01', finish_reasons: ['completed'], usage: { input_tokens: 130, cached_input_tokens: 100, cache_write_tokens: 0, output_tokens: 70, reasoning_tokens: 64 } },
      costs: [
        { meter: 'connector.call' },
        { meter: 'model.input_tokens', quantity: 30, amount_usd: '0.000022500' },
        { meter: 'model.cached_input_tokens', quantity: 100, amount_usd: '0.000007500' },
        { meter: 'model.output_tokens', quantity: 70, amount_usd: '0.000315000' },
      ],
    });
  });

  test.each<[string, JsonObject, string, boolean]>([
    ['a refusal', { output: [{ type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I cannot say which printer.' }] }] }, 'model_refused', false],
    ['an end at max_output_tokens', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'model_truncated', false],
    ['an end while it was thinking', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [{ type: 'reasoning', id: 'rs_1', summary: [] }] }, 'model_truncated', false],
    ['the content filter', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'model_content_filtered', false],
    ['a failure of its own', { status: 'failed', error: { code: 'server_error', message: 'The printer is on fire' }, output: [] }, 'response_invalid', true],
  ])('%s has a code of its own, and was billed', async (_what, changes, code, retryable) => {
    provider.answer(response(changes));
    const result = await gateway.ask();
    expect(result).toMatchObject({ kind: 'failed', error: { code, retryable } });
    expect(gateway.lastOutcome()).toMatchObject({ model: { response_id: 'resp_01' }, costs: [{ meter: 'model.input_tokens' }, { meter: 'model.output_tokens' }] });
    expect(JSON.stringify([result, gateway.lastOutcome(), gateway.made.errors])).not.toContain('printer');
  });

  test.each([
    ['gpt-5.4-mini', false], ['gpt-5.4-mini-2026-03-17', false], ['gpt-5.4-nano-2026-03-17', true], ['gpt-5.4-mini-preview', true],
  ])('%s answered: changed is %s', async (observed, changed) => {
    provider.answer(response({ model: observed }));
    expect((await gateway.ask()).kind).toBe('succeeded');
    expect(gateway.lastOutcome().model).toMatchObject({ requested: 'gpt-5.4-mini', observed, model_changed: changed });
  });

  test('a snapshot that was asked for is not answered by another one unnoticed', async () => {
    provider.answer(response({ model: 'gpt-5.4-mini-2026-09-01' }));
    await gateway.ask({ model: 'openai/gpt-5.4-mini-2026-03-17' });
    expect(gateway.lastOutcome().model).toMatchObject({ observed: 'gpt-5.4-mini-2026-09-01', model_changed: true });
  });

  test('what is minimised does not leave, and comes back in the output', async () => {
    provider.answer(response({ output: [{ type: 'message', content: [{ type: 'output_text', text: '{"label":"ask [email-1]"}' }] }] }));
    expect(await gateway.ask({ input: { text: 'ada@example.org, password: hunter2' }, minimise: ['emails', 'secrets'] })).toMatchObject({ kind: 'succeeded', output: { label: 'ask ada@example.org' } });
    expect(JSON.stringify(provider.requests[0]?.body)).toContain('[email-1], password: [secret-1]');
    expect(JSON.stringify(provider.requests[0]?.body)).not.toMatch(/ada@|hunter2/);
    expect(gateway.lastOutcome().model?.minimised).toEqual({ emails: 1, secrets: 1 });
  });

  test('a schema that no provider can be held to is refused before anything is sent', async () => {
    expect(await gateway.ask({ output_schema: { type: 'object', properties: { label: { type: 'string', pattern: '(a+)+$' } } } }))
      .toMatchObject({ kind: 'failed', error: { code: 'parameters_invalid', message: expect.stringContaining('output_schema/properties/label/pattern') as unknown } });
    expect(provider.requests).toHaveLength(0);
  });
});

/** A response as the Responses API gives it. */
function response(changes: JsonObject): RecordedAnswer {
  return {
    headers: { 'x-request-id': 'req_011' },
    body: {
      id: 'resp_01', object: 'response', created_at: 1_795_000_000, status: 'completed', error: null, incomplete_details: null, model: 'gpt-5.4-mini-2026-03-17',
      output: [{ type: 'reasoning', id: 'rs_1', summary: [] }, { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: '{"label":"hardware"}', annotations: [] }] }],
      usage: { input_tokens: 20, input_tokens_details: { cached_tokens: 0 }, output_tokens: 6, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 26 }, ...changes,
    },
  };
}
