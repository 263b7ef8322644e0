import { context, diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span as OtelSpan } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOffSampler, BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import type { IdGenerator, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { TelemetryError } from './errors.ts';
import { randomSpanId, randomTraceId } from './traceparent.ts';
import type { TraceContext } from './traceparent.ts';
import type { PastSpan, Span, SpanAttributes, SpanStart, Tracing, TracingOptions } from './spans.ts';

const MAX_QUEUED_SPANS = 4_096;
const BATCH = 512;
/** Of a batch, with what the exporter tries again; a process that stops waits no longer for its last one. */
const EXPORT_TIMEOUT_MS = 3_000;

/** Sends spans to `endpoint`. @throws TelemetryError `otlp_endpoint_invalid` */
export function startOtlpTracing(options: TracingOptions & { readonly endpoint: string }): Tracing {
  const { onError = () => {} } = options;
  diag.setLogger(dropsTo(onError), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const otlp = new OTLPTraceExporter({ url: tracesUrl(options.endpoint), headers: { ...options.headers }, timeoutMillis: EXPORT_TIMEOUT_MS, concurrencyLimit: 2 });
  const exporter = new TellingExporter(otlp, onError);
  const ids = new Ids();
  const byRatio = new TraceIdRatioBasedSampler(options.ratio);
  const { name, version, instance } = options.service;
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': name, 'service.version': version, 'service.instance.id': instance, 'service.namespace': 'countersign' }),
    // Who sends us webhooks may ask that a trace is not recorded; how many are is ours to say.
    sampler: new ParentBasedSampler({ root: byRatio, remoteParentSampled: byRatio, remoteParentNotSampled: new AlwaysOffSampler() }),
    idGenerator: ids,
    spanLimits: { attributeCountLimit: 64, attributeValueLengthLimit: 256, eventCountLimit: 0, linkCountLimit: 8 },
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: MAX_QUEUED_SPANS, maxExportBatchSize: BATCH, scheduledDelayMillis: options.delay_ms ?? 2_000, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const contexts = new AsyncLocalStorageContextManager().enable();
  // Spans of connectors/model-adapter come by the API's globals, as those of any library would.
  context.setGlobalContextManager(contexts);
  trace.setGlobalTracerProvider(provider);
  return new OtelTracing(provider, ids);
}

/** Tells of the first batch that is lost after one that was not: a collector that is away for a day is one line in the log. */
class TellingExporter implements SpanExporter {
  readonly #to: SpanExporter;
  readonly #onError: (error: TelemetryError) => void;
  #isLosing = false;

  constructor(to: SpanExporter, onError: (error: TelemetryError) => void) {
    this.#to = to;
    this.#onError = onError;
  }

  export(spans: Parameters<SpanExporter['export']>[0], done: Parameters<SpanExporter['export']>[1]): void {
    this.#to.export(spans, (result) => {
      const isLost = result.error !== undefined || result.code !== 0;
      if (isLost && !this.#isLosing) this.#onError(new TelemetryError('export_failed', 'Spans could not be sent and are lost. Look after the collector behind the OTLP endpoint.', { cause: result.error }));
      this.#isLosing = isLost;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#to.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#to.forceFlush?.();
  }
}

/** More spans than fit the queue: the SDK says how many it dropped, and nothing of what was in them. */
function dropsTo(onError: (error: TelemetryError) => void): { [Level in 'error' | 'warn' | 'info' | 'debug' | 'verbose']: (message: string) => void } {
  const nothing = (): void => {};
  return { error: nothing, warn: (message) => onError(new TelemetryError('export_failed', message.slice(0, 200))), info: nothing, debug: nothing, verbose: nothing };
}

/** As the specification has it for a base URL. Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
function tracesUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TelemetryError('otlp_endpoint_invalid', 'The OTLP endpoint must be an http or https base URL without credentials and query; headers have a setting of their own.');
  }
  return `${url.href.replace(/\/+$/, '')}/v1/traces`;
}

/** Random ids, but for one that the next span is to have. */
class Ids implements IdGenerator {
  #span: string | undefined;
  #trace: string | undefined;

  /** For the span that `start` begins, which must happen before it returns. */
  given<T>(ids: { readonly spanId?: string | undefined; readonly traceId?: string | undefined }, start: () => T): T {
    this.#span = ids.spanId;
    this.#trace = ids.traceId;
    try {
      return start();
    } finally {
      this.#span = this.#trace = undefined;
    }
  }

  generateTraceId(): string {
    return this.#trace ?? randomTraceId();
  }

  generateSpanId(): string {
    return this.#span ?? randomSpanId();
  }
}

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };

class OtelTracing implements Tracing {
  readonly enabled = true;
  readonly #provider: BasicTracerProvider;
  readonly #ids: Ids;

  constructor(provider: BasicTracerProvider, ids: Ids) {
    this.#provider = provider;
    this.#ids = ids;
  }

  async inSpan<T>(start: () => SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
    const { name, kind = 'internal', attributes = {}, parent } = start();
    const within = contextOf(parent);
    const span = this.#tracer().startSpan(name, { kind: KINDS[kind], attributes: known(attributes) }, within);
    try {
      return await context.with(trace.setSpan(within, span), () => work(asSpan(span)));
    } catch (error) {
      fail(span, typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '_OTHER');
      throw error;
    } finally {
      span.end();
    }
  }

  record(past: () => PastSpan): void {
    const { name, kind = 'internal', attributes = {}, parent, from, to, spanId, traceId, errorCode } = past();
    const span = this.#ids.given({ spanId, traceId }, () => this.#tracer().startSpan(name, { kind: KINDS[kind], attributes: known(attributes), startTime: from }, contextOf(parent)));
    if (errorCode !== undefined) fail(span, errorCode);
    span.end(to);
  }

  current(): TraceContext | null {
    const found = trace.getActiveSpan()?.spanContext();
    return found === undefined ? null : { traceId: found.traceId, spanId: found.spanId, sampled: (found.traceFlags & 1) === 1 };
  }

  async stop(): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined);
    trace.disable();
    context.disable();
    diag.disable();
  }

  #tracer() {
    return this.#provider.getTracer('countersign');
  }
}

function contextOf(parent: TraceContext | null | undefined): Context {
  if (parent === undefined) return context.active();
  if (parent === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId: parent.traceId, spanId: parent.spanId, traceFlags: parent.sampled ? 1 : 0, isRemote: true });
}

function asSpan(span: OtelSpan): Span {
  return { set: (attributes) => { span.setAttributes(known(attributes)); }, fail: (code) => fail(span, code) };
}

function fail(span: OtelSpan, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function known(attributes: SpanAttributes): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined && entry[1] !== null));
}
