import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { startMetricsServer } from '@countersign/platform/telemetry/http/metrics-server.ts';
import { Metrics } from '@countersign/platform/telemetry/metrics.ts';
import type { TelemetrySettings } from '@countersign/platform/telemetry/settings.ts';
import { startTracing } from '@countersign/platform/telemetry/tracing.ts';
import type { Tracing } from '@countersign/platform/telemetry/spans.ts';
import { Loop } from '../cell/loop.ts';
import { agentMetrics } from './agent-metrics.ts';
import type { AgentMetrics } from './agent-metrics.ts';
import { cellMetrics } from './cell-metrics.ts';
import { requestMetrics } from './request-metrics.ts';
import type { RequestMetrics } from './request-metrics.ts';

export interface TelemetryParts {
  readonly database: Database;
  readonly log: Logger;
  readonly version: string;
}

export interface Telemetry {
  readonly tracing: Tracing;
  readonly requests: RequestMetrics;
  readonly agents: AgentMetrics;
  /** Where `/metrics` is, once started; null where it is not served. */
  readonly metricsUrl: string | null;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The cell's gauges are no fresher than this, however often somebody scrapes: what they cost does not depend on who looks. */
const READ_EVERY_MS = 10_000;

/** What is told of the control plane and of the cell's queues. @throws TelemetryError for settings that would open it to others */
export async function createTelemetry(settings: TelemetrySettings, { database, log, version }: TelemetryParts): Promise<Telemetry> {
  const metrics = new Metrics({ process: settings.metrics !== null });
  const tracing = await startTracing({ ...settings.traces, service: { name: 'countersign-control-plane', version, instance: String(process.pid) }, onError: (error) => log.warn({ err: error }, 'traces could not be sent') });
  const cell = cellMetrics(metrics, database);
  observePool(metrics, database);
  const loop = new Loop({ name: 'cell metrics', idle_ms: READ_EVERY_MS, busy_ms: READ_EVERY_MS, log }, async () => (await cell.read(), false));
  let server: { readonly url: string; stop(drain_ms: number): Promise<void> } | null = null;
  return {
    tracing, requests: requestMetrics(metrics), agents: agentMetrics(metrics),
    get metricsUrl() { return server === null ? null : `${server.url}/metrics`; },
    async start() {
      if (settings.metrics === null) return;
      server = await startMetricsServer(metrics, settings.metrics);
      loop.start();
      log.info({ url: `${server.url}/metrics` }, 'metrics are served');
    },
    async stop() {
      await Promise.all([loop.stop(), server?.stop(0), tracing.stop()]);
    },
  };
}

function observePool(metrics: Metrics, { pool }: Database): void {
  const connections = metrics.gauge({ name: 'countersign_database_connections', help: 'Connections to PostgreSQL, by what they do; `waiting` are callers that wait for one.', labels: ['pool', 'state'] });
  metrics.onScrape(() => {
    connections.set(pool.totalCount - pool.idleCount, 'api', 'busy');
    connections.set(pool.idleCount, 'api', 'idle');
    connections.set(pool.waitingCount, 'api', 'waiting');
  });
}
