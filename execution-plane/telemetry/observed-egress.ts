import type { EgressFactory } from '@countersign/connectors/gateway/instance-egresses.ts';
import { EgressError } from '@countersign/platform/egress/errors.ts';
import type { GuardedRequest } from '@countersign/platform/egress/request-check.ts';
import type { Metrics } from '@countersign/platform/telemetry/metrics.ts';
import { traceparentOf } from '@countersign/platform/telemetry/traceparent.ts';
import type { Tracing } from '@countersign/platform/telemetry/spans.ts';

/**
 * Ways out whose requests are counted by connector and answer, and are spans after OpenTelemetry's conventions for HTTP clients. Paths and
 * queries name records, and headers prove who we are: none of them is in a span. The peer is told of the trace only where its instance
 * wants it (`settings.traceparent`).
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client
 */
export function observedEgress(create: EgressFactory, metrics: Metrics, tracing: Tracing): EgressFactory {
  const requests = metrics.counter({ name: 'countersign_egress_requests_total', help: 'Requests to systems of record and models, by the class of the answer or the code of the failure.', labels: ['connector', 'method', 'answer'] });
  const duration = metrics.latency({ name: 'countersign_egress_duration_seconds', help: 'From sending a request until its answer is read.', labels: ['connector'] });
  return (options, peer) => {
    const egress = create(options, peer);
    const connector = peer?.connector ?? 'unknown';
    const url = new URL(options.baseUrl);
    return {
      ...egress,
      request: (request) => tracing.inSpan(() => ({
        name: request.method, kind: 'client',
        attributes: { 'http.request.method': request.method, 'server.address': url.hostname, 'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80), 'countersign.connector': connector },
      }), async (span) => {
        const began_ms = performance.now();
        let answer = 'failed';
        try {
          const response = await egress.request(peer?.traceparent === true ? withTrace(request, tracing) : request);
          answer = `${Math.floor(response.status / 100)}xx`;
          span.set({ 'http.response.status_code': response.status });
          if (response.status >= 400) span.fail(String(response.status));
          return response;
        } catch (error) {
          if (error instanceof EgressError) answer = error.code;
          throw error;
        } finally {
          requests.add(1, connector, request.method, answer);
          duration.observe(performance.now() - began_ms, connector);
        }
      }),
    };
  };
}

function withTrace(request: GuardedRequest, tracing: Tracing): GuardedRequest {
  const context = tracing.current();
  return context === null ? request : { ...request, headers: { ...request.headers, traceparent: traceparentOf(context) } };
}
