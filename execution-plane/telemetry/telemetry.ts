import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { startMetricsServer } from '@countersign/platform/telemetry/http/metrics-server.ts';
import { Metrics } from '@countersign/platform/telemetry/metrics.ts';
import type { TelemetrySettings } from '@countersign/platform/telemetry/settings.ts';
import { startTracing } from '@countersign/platform/telemetry/tracing.ts';
import type { Tracing } from '@countersign/platform/telemetry/spans.ts';
import { Loop } from '../loops/loop.ts';
import type { Tenants } from '../loops/tenants.ts';
import { EndedRuns } from './ended-runs.ts';
import { Figures } from './figures.ts';
import type { Observer } from './observer.ts';
import { forgetFigures, writeFigures } from './repository-figures.ts';


export interface TelemetryParts {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly clock: Clock;
  readonly log: Logger;
  readonly worker: string;
  readonly version: string;
}

export interface Telemetry {
  readonly observer: Observer;
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  readonly endedRuns: EndedRuns;
  /** Where `/metrics` is, once started; null where it is not served. */
  readonly metricsUrl: string | null;
  start(): Promise<void>;
  /** Writes what is left; the database is still open. */
  stop(): Promise<void>;
}

/** As often as the board draws a point at its finest. */
const WRITE_EVERY_MS = 10_000;
const FORGET_EVERY_MS = 60_000;
const FORGET_AT_ONCE = 1_000;

/** Builds what counts, traces and tells of a worker. @throws TelemetryError for settings that would open it to others */
export async function createTelemetry(settings: TelemetrySettings, parts: TelemetryParts): Promise<Telemetry> {
  const { database, tenants, clock, log, worker, version } = parts;
  const metrics = new Metrics({ process: settings.metrics !== null });
  const figures = new Figures(metrics, () => clock.now());
  const tracing = await startTracing({ ...settings.traces, service: { name: 'countersign-worker', version, instance: worker }, onError: (error) => log.warn({ err: error }, 'traces could not be sent') });
  const endedRuns = new EndedRuns({ database, clock, observer: figures, tracing });
  const write = async (): Promise<void> => {
    await endedRuns.count();
    await figures.tell((rows) => database.forTenants([...new Set(rows.map((row) => row.tenant_id))], (tx) => writeFigures(tx, worker, rows)));
  };
  const onError = (loop: string, error: unknown): void => log.warn({ err: error, loop }, 'figures for operators could not be written; they are kept and written later');
  const loops = [
    new Loop({ name: 'figures', everyMs: WRITE_EVERY_MS, turn: async () => (await write(), false), onError }),
    new Loop({ name: 'forget-figures', everyMs: FORGET_EVERY_MS, turn: async () => database.forTenants(await tenants.ids(), (tx) => forgetFigures(tx, FORGET_AT_ONCE)), onError }),
  ];
  let server: { readonly url: string; stop(drain_ms: number): Promise<void> } | null = null;
  return {
    observer: figures, tracing, metrics, endedRuns,
    get metricsUrl() { return server === null ? null : `${server.url}/metrics`; },
    async start() {
      server = settings.metrics === null ? null : await startMetricsServer(metrics, settings.metrics);
      if (server !== null) log.info({ url: `${server.url}/metrics` }, 'metrics are served');
      for (const loop of loops) loop.start();
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await write().catch((error: unknown) => onError('figures', error));
      await Promise.all([server?.stop(0), tracing.stop()]);
    },
  };
}
