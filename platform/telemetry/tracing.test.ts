import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { trace } from '@opentelemetry/api';
import { startOtlpReceiver } from './testing/otlp-receiver.ts';
import type { OtlpReceiver } from './testing/otlp-receiver.ts';
import { randomSpanId, randomTraceId, readTraceparent, spanIdOf, traceIdOf, traceparentOf } from './traceparent.ts';
import { NO_TRACING, startTracing } from './tracing.ts';
import type { Tracing, TracingOptions } from './spans.ts';

const SERVICE = { name: 'countersign-test', version: '1', instance: 'one' };
let receiver: OtlpReceiver;
let tracing: Tracing;
const losses: string[] = [];
beforeEach(async () => { receiver = await startOtlpReceiver(); });
afterEach(async () => {
  await tracing.stop();
  await receiver.stop();
  losses.length = 0;
});

async function begin(options: Partial<TracingOptions> = {}): Promise<Tracing> {
  tracing = await startTracing({ endpoint: receiver.url, ratio: 1, service: SERVICE, delay_ms: 10, onError: (error) => losses.push(error.message), ...options });
  return tracing;
}

test('spans within one another arrive as one trace, over a socket, with what they are given and nothing else', async () => {
  const { inSpan } = await begin({ headers: { 'x-key': 'of-the-collector' } });
  await inSpan.call(tracing, () => ({ name: 'outer', kind: 'server', attributes: { 'countersign.run.id': 'run_1', absent: null } }), async (outer) => {
    await tracing.inSpan(() => ({ name: 'inner', kind: 'client' }), async (inner) => { inner.set({ attempts: 2 }); });
    outer.set({ done: true });
  });
  const spans = await receiver.until(({ length }) => length === 2);
  const [inner, outer] = [spans.find(({ name }) => name === 'inner')!, spans.find(({ name }) => name === 'outer')!];
  expect(inner).toMatchObject({ service: 'countersign-test', kind: 3, traceId: outer.traceId, parentSpanId: outer.spanId, attributes: { attempts: 2 }, failed: false });
  expect(outer).toMatchObject({ kind: 2, parentSpanId: null, attributes: { 'countersign.run.id': 'run_1', done: true } });
  expect(receiver.headers[0]).toMatchObject({ 'x-key': 'of-the-collector', 'content-type': 'application/json' });
});

test('what is thrown is an error of the span by its code: its words stay here', async () => {
  await begin();
  const secret = Object.assign(new RangeError('the ticket says canary-7319'), { code: 'peer_timeout' });
  await expect(tracing.inSpan(() => ({ name: 'breaks' }), () => Promise.reject(secret))).rejects.toBe(secret);
  const [span] = await receiver.until(({ length }) => length === 1);
  expect(span).toMatchObject({ failed: true, attributes: { 'error.type': 'peer_timeout' } });
  expect(receiver.raw).not.toContain('canary');
});

test('a context that came from elsewhere is gone on with, and what is over may have an id that others know', async () => {
  await begin();
  const parent = readTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')!;
  tracing.record(() => ({ name: 'run', parent, spanId: spanIdOf('run_1'), from: new Date(1_000), to: new Date(3_500) }));
  await tracing.inSpan(() => ({ name: 'step', parent: { ...parent, spanId: spanIdOf('run_1') } }), async () => {
    expect(tracing.current()?.traceId).toBe(parent.traceId);
  });
  const spans = await receiver.until(({ length }) => length === 2);
  expect(spans.find(({ name }) => name === 'run')).toMatchObject({ traceId: parent.traceId, parentSpanId: parent.spanId, spanId: spanIdOf('run_1') });
  expect(spans.find(({ name }) => name === 'run')!.endedAt_ns - spans.find(({ name }) => name === 'run')!.startedAt_ns).toBe(2_500_000_000n);
  expect(spans.find(({ name }) => name === 'step')).toMatchObject({ traceId: parent.traceId, parentSpanId: spanIdOf('run_1') });
});

test('the part that is recorded is chosen by the trace: all of it or nothing, however often it is asked, and a sender can only ask for less', async () => {
  await begin({ ratio: 0.5 });
  const ids = Array.from({ length: 200 }, (_, i) => traceIdOf(`run_${i}`));
  for (const traceId of ids) {
    const parent = { traceId, spanId: randomSpanId(), sampled: true };
    await tracing.inSpan(() => ({ name: 'a', parent }), () => tracing.inSpan(() => ({ name: 'b' }), async () => {}));
  }
  await tracing.inSpan(() => ({ name: 'not asked for', parent: { traceId: randomTraceId(), spanId: randomSpanId(), sampled: false } }), async () => {});
  await tracing.stop();
  const of = (name: string): string[] => receiver.spans.filter((span) => span.name === name).map(({ traceId }) => traceId).toSorted();
  expect(of('a')).toEqual(of('b'));
  expect(of('a').length).toBeGreaterThan(60);
  expect(of('a').length).toBeLessThan(140);
  expect(of('not asked for')).toEqual([]);
});

test('a collector that is away costs the spans and a line in the log, and nobody waits for it', async () => {
  await receiver.stop();
  await begin();
  expect(await tracing.inSpan(() => ({ name: 'x' }), () => Promise.resolve('done'))).toBe('done');
  await tracing.stop();
  expect(losses.join()).toMatch(/could not be sent/);
});

describe('without an endpoint', () => {
  test('nothing is sent, nothing is asked, and the API\'s globals stay empty', async () => {
    await begin({ endpoint: null });
    expect(tracing).toBe(NO_TRACING);
    const asked: string[] = [];
    expect(await tracing.inSpan(() => { asked.push('start'); return { name: 'x' }; }, async (span) => { span.set({ a: 1 }); return tracing.current(); })).toBeNull();
    tracing.record(() => { asked.push('record'); return { name: 'x', from: new Date(), to: new Date() }; });
    expect(asked).toEqual([]);
    expect(trace.getTracer('any').startSpan('x').isRecording()).toBe(false);
    expect(receiver.spans).toEqual([]);
  });

  test.each(['localhost:4318', 'ftp://collector', 'http://user:secret@collector', 'http://collector/?key=1'])('%s is no endpoint', async (endpoint) => {
    await expect(begin({ endpoint })).rejects.toMatchObject({ code: 'otlp_endpoint_invalid' });
    tracing = NO_TRACING;
  });
});

describe('traceparent', () => {
  const valid = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  test('is read and written as W3C Trace Context has it', () => {
    expect(traceparentOf(readTraceparent(valid)!)).toBe(valid);
    expect(readTraceparent('cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-comes-later')).toMatchObject({ sampled: false });
  });
  test.each([null, '', 'nonsense', `${valid}-more`, valid.toUpperCase(), `ff${valid.slice(2)}`, `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`])('%s is none', (text) => {
    expect(readTraceparent(text)).toBeNull();
  });
  test('ids of their own have one trace and one span for ever', () => {
    expect([traceIdOf('run_1'), spanIdOf('run_1')]).toEqual([traceIdOf('run_1'), spanIdOf('run_1')]);
    expect(traceIdOf('run_1')).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf('run_1')).not.toBe(traceIdOf('run_2'));
  });
});
