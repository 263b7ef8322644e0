import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { BucketHistogram } from './bucket-histogram.ts';
import { TelemetryError } from './errors.ts';
import { LabelBounds } from './label-bounds.ts';

/** Values of labels in the order of their names. */
export type LabelValues = readonly string[];

export interface MetricOptions {
  /** `countersign_<what>_<unit>`, with `_total` for counters. Source: https://prometheus.io/docs/practices/naming/ */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export interface CounterMetric {
  add(count: number, ...labels: LabelValues): void;
}

export interface GaugeMetric {
  set(value: number, ...labels: LabelValues): void;
  /** Forgets all values: what is set after it is all there is. */
  clear(): void;
}

/** Bases of units, and what else a name may end with. */
const UNITS = /_(seconds|bytes|ratio|total|info|count|steps|runs|events|approvals|connections|rows|scopes|messages|workers|deliveries|timestamp_seconds)$/;
const NAME = /^countersign_[a-z][a-z0-9_]*$/;
/** How many values a label may take in this process; what comes after them is counted as `other`. */
const MAX_LABEL_VALUES = 100;
const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** The metrics of one process. Label values are bounded here, so that nothing that a tenant names can grow without end. */
export class Metrics {
  readonly contentType: string = CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #beforeScrape: Array<() => void | Promise<void>> = [];

  /** `process`: also what Node.js says of the process: CPU, memory, event loop lag, garbage collection. */
  constructor(options: { readonly process: boolean }) {
    if (options.process) collectDefaultMetrics({ register: this.#registry });
  }

  /** Only grows. @throws TelemetryError `metric_invalid` for a name that Prometheus' conventions do not know */
  counter(options: MetricOptions): CounterMetric {
    if (!options.name.endsWith('_total')) throw new TelemetryError('metric_invalid', `The counter ${options.name} does not end with _total.`);
    const { bounds, ...made } = this.#checked(options);
    const counter = new Counter({ ...made, registers: [this.#registry] });
    return { add: (count, ...labels) => { if (count > 0) counter.labels(...bounds.of(labels)).inc(count); } };
  }

  gauge(options: MetricOptions): GaugeMetric {
    const { bounds, ...made } = this.#checked(options);
    const gauge = new Gauge({ ...made, registers: [this.#registry] });
    return { set: (value, ...labels) => gauge.labels(...bounds.of(labels)).set(value), clear: () => gauge.reset() };
  }

  /** Latencies in seconds, over the bounds of `buckets.ts`. */
  latency(options: MetricOptions): BucketHistogram {
    if (!options.name.endsWith('_seconds')) throw new TelemetryError('metric_invalid', `The latency ${options.name} does not end with _seconds.`);
    const { bounds, ...made } = this.#checked(options);
    const histogram = new BucketHistogram({ ...made, bounds });
    // Registered like prom-client's own: a metric is whatever has a name and gives its values.
    this.#registry.registerMetric(histogram as unknown as Gauge);
    return histogram;
  }

  /** `collect` is called before each scrape, to set what is only known then. */
  onScrape(collect: () => void | Promise<void>): void {
    this.#beforeScrape.push(collect);
  }

  /** The text exposition format 0.0.4. */
  async text(): Promise<string> {
    for (const collect of this.#beforeScrape) await collect();
    return this.#registry.metrics();
  }

  #checked({ name, help, labels = [] }: MetricOptions): { name: string; help: string; labelNames: string[]; bounds: LabelBounds } {
    if (!NAME.test(name) || !UNITS.test(name)) throw new TelemetryError('metric_invalid', `The metric ${name} has no name by the conventions: countersign_<what>_<base unit>.`);
    return { name, help, labelNames: [...labels], bounds: new LabelBounds(labels.length, MAX_LABEL_VALUES) };
  }
}
