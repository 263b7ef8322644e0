import type { Metrics } from '@countersign/platform/telemetry/metrics.ts';

export interface RequestMetrics {
  /** One answer of the API: by the name that the contract gives the operation, never by its path, which holds ids. */
  answered(operation: string, status: number, took_ms: number): void;
  /** One webhook: `accepted`, `duplicate`, `dropped`, `ping`, or the code of the refusal. */
  webhook(connector: string, answer: string, took_ms: number): void;
}

export function requestMetrics(metrics: Metrics): RequestMetrics {
  const requests = metrics.counter({ name: 'countersign_http_requests_total', help: 'Answers of the API, by operation and status.', labels: ['operation', 'status'] });
  const duration = metrics.latency({ name: 'countersign_http_request_duration_seconds', help: 'From when a request was read until it was answered; streams until they ended.', labels: ['operation'] });
  const webhooks = metrics.counter({ name: 'countersign_webhooks_total', help: 'Webhooks, by connector and what became of them.', labels: ['connector', 'answer'] });
  const accepting = metrics.latency({ name: 'countersign_webhook_duration_seconds', help: 'From when a webhook was read until it was durable and answered.', labels: ['connector'] });
  return {
    answered(operation, status, took_ms) {
      requests.add(1, operation, String(status));
      duration.observe(took_ms, operation);
    },
    webhook(connector, answer, took_ms) {
      webhooks.add(1, connector, answer);
      accepting.observe(took_ms, connector);
    },
  };
}
