import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openai } from '../openai/connector.ts';
import { startRecordedProvider } from './sandbox/recorded-provider.ts';
import type { RecordedProvider } from './sandbox/recorded-provider.ts';
import { modelGateway } from './testing/model-gateway.ts';
import type { ModelGateway } from './testing/model-gateway.ts';

const exporter = new InMemorySpanExporter();
const ANSWER = {
  id: 'resp_01', object: 'response', status: 'completed', model: 'gpt-5.4-mini-2026-03-17',
  output: [{ type: 'reasoning', summary: [] }, { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: '{"label":"hardware"}' }] }],
  usage: { input_tokens: 120, input_tokens_details: { cached_tokens: 100 }, output_tokens: 30, output_tokens_details: { reasoning_tokens: 20 } },
};
let provider: RecordedProvider;
let gateway: ModelGateway;

beforeAll(async () => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  provider = await startRecordedProvider({ body: ANSWER });
  gateway = modelGateway({ connector: openai, url: provider.url, credential: { kind: 'bearer', token: 'sk-test-0123456789' }, model: 'openai/gpt-5.4-mini' });
});
afterEach(() => exporter.reset());
afterAll(async () => {
  trace.disable();
  await gateway.close();
  await provider.stop();
});

test('one request to a model is one span with the attributes of the conventions, and no content', async () => {
  expect((await gateway.ask()).kind).toBe('succeeded');
  const spans = exporter.getFinishedSpans();
  expect(spans).toHaveLength(1);
  const [{ name, kind, attributes, events } = spans[0]!] = spans;
  expect([name, kind, events]).toEqual(['chat gpt-5.4-mini', 2, []]);
  // All of them: one that is added must be looked at for content.
  expect(attributes).toEqual({
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-5.4-mini', 'gen_ai.request.max_tokens': 2_048, 'gen_ai.output.type': 'json',
    'server.address': '127.0.0.1', 'server.port': Number(new URL(provider.url).port),
    'gen_ai.response.model': 'gpt-5.4-mini-2026-03-17', 'gen_ai.response.id': 'resp_01', 'gen_ai.response.finish_reasons': ['completed'],
    'gen_ai.usage.input_tokens': 120, 'gen_ai.usage.output_tokens': 30, 'gen_ai.usage.cache_read.input_tokens': 100,
    'gen_ai.usage.cache_creation.input_tokens': 0, 'gen_ai.usage.reasoning.output_tokens': 20,
  });
  expect(JSON.stringify(attributes)).not.toMatch(/printer|hardware|ticket/);
});

test('a failure has its code, and what was counted all the same', async () => {
  provider.answer({ body: { ...ANSWER, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } } });
  expect((await gateway.ask()).kind).toBe('failed');
  const [span] = exporter.getFinishedSpans();
  expect([span?.status.code, span?.attributes['error.type'], span?.attributes['gen_ai.usage.output_tokens']]).toEqual([2, 'model_truncated', 30]);
});

test('a refused request has its code and no answer', async () => {
  provider.answer({ status: 429, headers: { 'retry-after': '1' }, body: { error: { message: 'The printer is on fire', type: 'requests', code: 'rate_limit_exceeded' } } });
  expect((await gateway.ask()).kind).toBe('failed');
  const [span] = exporter.getFinishedSpans();
  expect(span?.attributes['error.type']).toBe('peer_rate_limited');
  expect(JSON.stringify([span?.attributes, span?.status, span?.events])).not.toContain('printer');
});
