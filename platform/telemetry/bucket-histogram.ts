import { BUCKET_COUNT, LATENCY_BOUNDS_MS, bucketOf } from './buckets.ts';
import type { LabelBounds } from './label-bounds.ts';

export interface BucketHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly bounds: LabelBounds;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: number[];
  sum_s: number;
}

/** What prom-client asks of a metric that it prints. */
interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A histogram that takes counts that were made elsewhere: the ones of execution.figures and the ones of /metrics are the same. */
export class BucketHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #options: BucketHistogramOptions;
  readonly #series = new Map<string, Series>();

  constructor(options: BucketHistogramOptions) {
    this.name = options.name;
    this.help = options.help;
    this.#options = options;
  }

  /** One observation. */
  observe(value_ms: number, ...labels: readonly string[]): void {
    const series = this.#seriesOf(labels);
    const bucket = bucketOf(value_ms);
    series.counts[bucket] = series.counts[bucket]! + 1;
    series.sum_s += value_ms / 1_000;
  }

  /** Many: `counts` by bucket, `sum_ms` of all of them. */
  add(counts: readonly number[], sum_ms: number, ...labels: readonly string[]): void {
    const series = this.#seriesOf(labels);
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) series.counts[bucket] = series.counts[bucket]! + (counts[bucket] ?? 0);
    series.sum_s += sum_ms / 1_000;
  }

  /** Called by prom-client at a scrape. */
  get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: Sample[] }> {
    const values = [...this.#series.values()].flatMap((series) => this.#samplesOf(series));
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values });
  }

  reset(): void {
    this.#series.clear();
  }

  #seriesOf(labels: readonly string[]): Series {
    const bounded = this.#options.bounds.of(labels);
    const key = bounded.join('\n');
    const series = this.#series.get(key) ?? {
      labels: Object.fromEntries(this.#options.labelNames.map((name, i) => [name, bounded[i]!])), counts: Array.from({ length: BUCKET_COUNT }, () => 0), sum_s: 0,
    };
    this.#series.set(key, series);
    return series;
  }

  #samplesOf({ labels, counts, sum_s }: Series): Sample[] {
    let count = 0;
    const buckets = counts.map((one, bucket) => {
      count += one;
      const bound_ms = LATENCY_BOUNDS_MS[bucket];
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le: bound_ms === undefined ? '+Inf' : bound_ms / 1_000 }, value: count };
    });
    return [...buckets, { metricName: `${this.name}_sum`, labels, value: sum_s }, { metricName: `${this.name}_count`, labels, value: count }];
  }
}
