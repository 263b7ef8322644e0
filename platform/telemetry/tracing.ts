import type { Span, Tracing, TracingOptions } from './spans.ts';

const NO_SPAN: Span = { set: () => {}, fail: () => {} };

/** What there is where no endpoint is configured. */
export const NO_TRACING: Tracing = {
  enabled: false,
  inSpan: (_start, work) => work(NO_SPAN),
  record: () => {},
  current: () => null,
  stop: () => Promise.resolve(),
};

/**
 * Starts tracing for this process, where an endpoint is configured: one per process, libraries find it by the API's globals. The SDK takes some
 * 40 MB, so it is loaded only then. @throws TelemetryError `otlp_endpoint_invalid`
 */
export async function startTracing({ endpoint, ...options }: TracingOptions): Promise<Tracing> {
  if (endpoint === null) return NO_TRACING;
  const { startOtlpTracing } = await import('./otlp-tracing.ts');
  return startOtlpTracing({ ...options, endpoint });
}
