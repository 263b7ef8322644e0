import { LLMock } from '@copilotkit/aimock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRecordedProvider } from '../model-adapter/sandbox/recorded-provider.ts';
import type { RecordedAnswer, RecordedProvider } from '../model-adapter/sandbox/recorded-provider.ts';
import { modelGateway } from '../model-adapter/testing/model-gateway.ts';
import type { ModelGateway } from '../model-adapter/testing/model-gateway.ts';
import type { JsonObject } from '../sdk/connector.ts';
import { azureOpenai } from './connector.ts';

/** On Azure a model is asked by the name of its deployment. */
const MODEL = 'azure-openai/triage-mini';
const KEY = 'azure-test-0123456789';
const DATED: JsonObject = { api_version: '2024-10-21' };
const STRICT = { type: 'object', properties: { label: { type: 'string', description: '(maxLength 20)' } }, required: ['label'], additionalProperties: false };
const open: Array<{ stop(): Promise<void> }> = [];
let gateway: ModelGateway;

function before(url: string, settings: JsonObject = {}): ModelGateway {
  gateway = modelGateway({ connector: azureOpenai, url, credential: { kind: 'api_key', header: 'api-key', value: KEY }, model: MODEL, settings });
  return gateway;
}

afterEach(async () => {
  await gateway.close();
  await Promise.all(open.splice(0).map((each) => each.stop()));
});

/** A simulator that others wrote, asked by the v1 API and by a dated one. */
describe.each([['v1', {}, '/openai/v1/responses'], ['2024-10-21', DATED, '/openai/deployments/triage-mini/chat/completions']])('before aimock, by %s', (_version, settings, path) => {
  let mock: LLMock;
  const usage = (input: number, output: number) => ({ input_tokens: input, output_tokens: output, prompt_tokens: input, completion_tokens: output });
  beforeEach(async () => {
    mock = new LLMock({ port: 0, strict: true });
    open.push(mock);
    before(await mock.start(), settings);
  });

  test('an answer in the schema is the output, and what it counted is metered under the deployment\'s name', async () => {
    mock.on({ userMessage: /printer/ }, { content: '{"label":"hardware"}', usage: usage(120, 9) });
    expect(await gateway.ask()).toMatchObject({ kind: 'succeeded', output: { label: 'hardware' } });
    expect(gateway.lastOutcome()).toMatchObject({
      model: { requested: 'triage-mini', usage: { input_tokens: 120, output_tokens: 9 } },
      costs: [{ meter: 'connector.call' }, { meter: 'model.input_tokens', model: MODEL, quantity: 120 }, { meter: 'model.output_tokens', model: MODEL, quantity: 9 }],
    });
    expect(mock.getRequests().map((request) => request.path.split('?')[0])).toEqual([path]);
  });

  test('429 says when to ask again, 529 that it has too much to do; each is one request', async () => {
    mock.on({ userMessage: /printer/ }, { error: { message: 'Slow down', code: '429' }, status: 429, retryAfter: 7 });
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'peer_rate_limited', retryable: true, retryAfterMs: 7_000 } });
    mock.clearFixtures().on({ userMessage: /printer/ }, { error: { message: 'Overloaded' }, status: 529 });
    gateway.made.later(60_000);
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'model_overloaded', retryable: true } });
    expect(mock.getRequests()).toHaveLength(2);
  });

  test('a truncated answer and one that breaks the schema are told apart, and were billed', async () => {
    mock.on({ userMessage: /printer/ }, { content: '{"label":"hard', finishReason: 'length', usage: usage(120, 4) });
    expect(await gateway.ask({ max_output_tokens: 4 })).toMatchObject({ kind: 'failed', error: { code: 'model_truncated', retryable: false } });
    expect(gateway.lastOutcome().costs).toMatchObject([{ quantity: 120 }, { quantity: 4 }]);
    mock.clearFixtures().on({ userMessage: /printer/ }, { content: '{"kind":"hardware"}', usage: usage(120, 9) });
    expect(await gateway.ask()).toMatchObject({ kind: 'failed', error: { code: 'model_answer_invalid', retryable: true } });
    expect(gateway.lastOutcome().costs).toMatchObject([{ quantity: 120 }, { quantity: 9 }]);
  });
});

/** Bytes as Azure sends them, for what the simulator does not show. */
describe('before recorded answers', () => {
  let provider: RecordedProvider;
  beforeEach(async () => {
    provider = await startRecordedProvider(chat({}));
    open.push(provider);
  });

  test('v1: one POST, the deployment is the model, nothing is kept', async () => {
    provider.answer({ body: { id: 'resp_01', status: 'completed', model: 'gpt-5.4-mini-2026-03-17', output: [{ type: 'message', content: [{ type: 'output_text', text: '{"label":"hardware"}' }] }], usage: { input_tokens: 20, output_tokens: 6 } } });
    expect(await before(provider.url).ask()).toMatchObject({ kind: 'succeeded', output: { label: 'hardware' } });
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]).toMatchObject({ method: 'POST', path: '/openai/v1/responses', headers: { 'api-key': KEY } });
    expect(provider.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(provider.requests[0]?.body).toMatchObject({ model: 'triage-mini', store: false, text: { format: { type: 'json_schema', strict: true, schema: STRICT } } });
  });

  test('dated: one POST to the deployment, with the version in the query', async () => {
    await before(provider.url, DATED).ask({ max_output_tokens: 300 });
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]).toMatchObject({ method: 'POST', path: '/openai/deployments/triage-mini/chat/completions?api-version=2024-10-21', headers: { 'api-key': KEY } });
    expect(provider.requests[0]?.body).toEqual({
      model: 'triage-mini', max_completion_tokens: 300,
      messages: [{ role: 'system', content: 'Say which kind of ticket it is.' }, { role: 'user', content: '{\n  "short_description": "The printer is on fire"\n}' }],
      response_format: { type: 'json_schema', json_schema: { name: 'output', strict: true, schema: STRICT } },
    });
  });

  test('cached tokens are part of the input; the request has Azure\'s own id', async () => {
    provider.answer(chat({ usage: { prompt_tokens: 130, prompt_tokens_details: { cached_tokens: 100 }, completion_tokens: 70, completion_tokens_details: { reasoning_tokens: 64 } } }));
    await before(provider.url, DATED).ask();
    expect(gateway.lastOutcome().model).toMatchObject({ request_id: 'apim-011', response_id: 'chatcmpl-01', usage: { input_tokens: 130, cached_input_tokens: 100, output_tokens: 70, reasoning_tokens: 64 } });
    expect(gateway.lastOutcome().costs).toMatchObject([{ meter: 'connector.call' }, { meter: 'model.input_tokens', quantity: 30 }, { meter: 'model.cached_input_tokens', quantity: 100 }, { meter: 'model.output_tokens', quantity: 70 }]);
  });

  test('the content filter stops a question: nothing was billed, and its sentence is not told', async () => {
    provider.answer({ status: 400, body: { error: {
      message: 'The response was filtered: the printer is on fire', type: null, param: 'prompt', code: 'content_filter', status: 400,
      innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: { violence: { filtered: true, severity: 'high' } } },
    } } });
    const result = await before(provider.url, DATED).ask();
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'model_content_filtered', retryable: false } });
    expect(gateway.lastOutcome().costs ?? []).toEqual([]);
    expect(JSON.stringify([result, gateway.lastOutcome()])).not.toContain('printer');
  });

  test.each<[string, JsonObject, JsonObject, string, boolean]>([
    ['the content filter withholds an answer', { finish_reason: 'content_filter' }, { content: null, refusal: null }, 'model_content_filtered', false],
    ['a refusal', { finish_reason: 'stop' }, { content: null, refusal: 'I cannot say which printer.' }, 'model_refused', false],
    ['an end at max_completion_tokens', { finish_reason: 'length' }, { content: '{"label":"har', refusal: null }, 'model_truncated', false],
    ['an end that nobody knows', { finish_reason: 'tool_calls' }, { content: null, refusal: null }, 'response_invalid', true],
  ])('%s: a code of its own, and it was billed', async (_what, choice, message, code, retryable) => {
    provider.answer(chat({ choices: [{ index: 0, message: { role: 'assistant', ...message }, ...choice }] }));
    const result = await before(provider.url, DATED).ask();
    expect(result).toMatchObject({ kind: 'failed', error: { code, retryable } });
    expect(gateway.lastOutcome().costs).toMatchObject([{ meter: 'model.input_tokens' }, { meter: 'model.output_tokens' }]);
    expect(JSON.stringify([result, gateway.lastOutcome(), gateway.made.errors])).not.toContain('printer');
  });

  test.each<[string, JsonObject | undefined, boolean | null]>([
    ['nobody says what is deployed', undefined, null],
    ['the model that the instance names', { 'triage-mini': 'gpt-5.4-mini' }, false],
    ['another one: the deployment was upgraded', { 'triage-mini': 'gpt-5-mini' }, true],
    ['another deployment is named', { other: 'gpt-5-mini' }, null],
  ])('%s', async (_what, models, changed) => {
    await before(provider.url, { ...DATED, ...(models === undefined ? {} : { models }) }).ask();
    expect(gateway.lastOutcome().model).toMatchObject({ requested: 'triage-mini', observed: 'gpt-5.4-mini-2026-03-17', model_changed: changed });
  });

  test('an instance may refuse the answers of another model than the one it names', async () => {
    const settings = { ...DATED, models: { 'triage-mini': 'gpt-5-mini' }, refuse_changed_model: true };
    expect(await before(provider.url, settings).ask()).toMatchObject({ kind: 'failed', error: { code: 'model_invalid', retryable: false, message: expect.stringContaining('gpt-5.4-mini-2026-03-17') as unknown } });
  });

  test('a deployment that is not there says so', async () => {
    provider.answer({ status: 404, body: { error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' } } });
    expect(await before(provider.url).ask()).toMatchObject({ kind: 'failed', error: { code: 'peer_not_found', retryable: false, message: expect.stringContaining('deployment') as unknown } });
  });
});

/** A completion as Azure's dated versions give it. */
function chat(changes: JsonObject): RecordedAnswer {
  return {
    headers: { 'apim-request-id': 'apim-011' },
    body: {
      id: 'chatcmpl-01', object: 'chat.completion', created: 1_795_000_000, model: 'gpt-5.4-mini-2026-03-17', system_fingerprint: 'fp_1',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: '{"label":"hardware"}', refusal: null }, content_filter_results: {} }],
      usage: { prompt_tokens: 20, completion_tokens: 6, total_tokens: 26 }, ...changes,
    },
  };
}
