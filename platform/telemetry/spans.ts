import type { TelemetryError } from './errors.ts';
import type { TraceContext } from './traceparent.ts';

/** Ids, names, states, counts and times. Never what a ticket says, what was asked of a model, or a credential. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SpanStart {
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: SpanAttributes;
  /** What it is part of. Absent: the span that is active; null: nothing. */
  readonly parent?: TraceContext | null;
}

export interface Span {
  set(attributes: SpanAttributes): void;
  /** `code` from a closed list; never a message, which may repeat what was sent. */
  fail(code: string): void;
}

/** A span of something that is over. */
export interface PastSpan extends SpanStart {
  readonly from: Date;
  readonly to: Date;
  /** An id that others know already, and the trace where it is a new one. */
  readonly spanId?: string;
  readonly traceId?: string;
  readonly errorCode?: string | undefined;
}

export interface Tracing {
  readonly enabled: boolean;
  /** Does `work` within a span. Where tracing is off it calls `work` and does nothing else: `start` is not even asked. */
  inSpan<T>(start: () => SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  record(past: () => PastSpan): void;
  /** Where we are in the active trace; null where there is none. */
  current(): TraceContext | null;
  /** Sends what is left. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  /** Base URL of a collector that takes OTLP over HTTP; `/v1/traces` is added. Null: no tracing. */
  readonly endpoint: string | null;
  /** Such as a collector's API key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Part of the traces that is recorded, from 0 to 1, by the trace's id: the same ones in every process. */
  readonly ratio: number;
  readonly service: { readonly name: string; readonly version: string; readonly instance: string };
  /** Told when spans could not be sent, and are lost. */
  readonly onError?: (error: TelemetryError) => void;
  /** How long spans wait for others to go with. */
  readonly delay_ms?: number;
}
