import type { RunState, StepState } from '@countersign/contracts/states/transitions.ts';
import { timeOfId } from '@countersign/platform/ids/typeid.ts';
import { BUCKET_COUNT, bucketOf } from '@countersign/platform/telemetry/buckets.ts';
import type { Metrics } from '@countersign/platform/telemetry/metrics.ts';
import { figureMetrics } from './figure-metrics.ts';
import type { FigureMetrics } from './figure-metrics.ts';
import type { Observer, Place } from './observer.ts';
import type { FigureRow } from './repository-figures.ts';
import type { Histogram, Tally } from './tally.ts';

/**
 * Counts what a worker does, once: the same counts go to Prometheus when it scrapes and to the board every few seconds. An observation is
 * a few additions to numbers.
 */
export class Figures implements Observer {
  readonly #now: () => Date;
  readonly #metrics: FigureMetrics;
  #tallies = new Map<string, Tally>();
  /** What Prometheus was given, and the board not yet. */
  #untold = new Map<string, Tally>();

  constructor(metrics: Metrics, now: () => Date) {
    this.#now = now;
    this.#metrics = figureMetrics(metrics);
    metrics.onScrape(() => this.#fold());
  }

  stepClaimed(place: Place, waited_ms: number): void {
    const tally = this.#of(place);
    tally.steps.leased = (tally.steps.leased ?? 0) + 1;
    observe(tally.queueWait, waited_ms);
  }

  stepTurned(place: Place, to: StepState, took_ms: number): void {
    const tally = this.#of(place);
    tally.steps[to] = (tally.steps[to] ?? 0) + 1;
    observe(tally.stepDuration, took_ms);
  }

  runStarted(place: Place): void {
    this.#of(place).runsStarted += 1;
  }

  runEnded(place: Place, state: RunState): void {
    if (state !== 'succeeded' && state !== 'failed' && state !== 'cancelled') return;
    const tally = this.#of(place);
    tally.runs[state] += 1;
    observe(tally.runDuration, this.#now().getTime() - timeOfId(place.run.id).getTime());
  }

  decided(place: Place, outcome: string): void {
    const { decisions } = this.#of(place);
    decisions[outcome] = (decisions[outcome] ?? 0) + 1;
  }

  /** Writes what the board was not told yet. What cannot be written is told the next time. */
  async tell(write: (rows: readonly FigureRow[]) => Promise<void>): Promise<void> {
    this.#fold();
    if (this.#untold.size === 0) return;
    const telling = this.#untold;
    this.#untold = new Map();
    try {
      await write([...telling.values()].map(rowOf));
    } catch (error) {
      for (const [key, tally] of telling) this.#keep(key, tally);
      throw error;
    }
  }

  #fold(): void {
    for (const [key, tally] of this.#tallies) {
      this.#metrics.add(tally);
      this.#keep(key, tally);
    }
    this.#tallies = new Map();
  }

  #keep(key: string, tally: Tally): void {
    const before = this.#untold.get(key);
    if (before === undefined) this.#untold.set(key, tally);
    else merge(before, tally);
  }

  #of({ tenant, environment, run }: Place): Tally {
    const key = `${tenant.id} ${environment.id} ${run.workflow}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const tally: Tally = {
      tenantId: tenant.id, environmentId: environment.id, environment: environment.name, workflow: run.workflow,
      runsStarted: 0, runs: { succeeded: 0, failed: 0, cancelled: 0 }, steps: {}, decisions: {}, queueWait: nothing(), stepDuration: nothing(), runDuration: nothing(),
    };
    this.#tallies.set(key, tally);
    return tally;
  }
}

function nothing(): Histogram {
  return { counts: Array.from({ length: BUCKET_COUNT }, () => 0), sum_ms: 0 };
}

function observe(histogram: Histogram, value_ms: number): void {
  const value = Math.max(0, value_ms);
  const bucket = bucketOf(value);
  histogram.counts[bucket] = histogram.counts[bucket]! + 1;
  histogram.sum_ms += value;
}

/** Adds what `more` counted to `into`. */
function merge(into: Tally, more: Tally): void {
  into.runsStarted += more.runsStarted;
  for (const part of ['runs', 'steps', 'decisions'] as const) addCounts(into[part], more[part]);
  for (const part of ['queueWait', 'stepDuration', 'runDuration'] as const) {
    more[part].counts.forEach((count, bucket) => { into[part].counts[bucket] = into[part].counts[bucket]! + count; });
    into[part].sum_ms += more[part].sum_ms;
  }
}

function addCounts(into: Record<string, number>, more: Record<string, number>): void {
  for (const [name, count] of Object.entries(more)) into[name] = (into[name] ?? 0) + count;
}

function rowOf({ tenantId, environmentId, workflow, runsStarted, runs, steps, decisions, queueWait, stepDuration, runDuration }: Tally): FigureRow {
  return {
    tenant_id: tenantId, environment_id: environmentId, workflow_name: workflow, runs_started: runsStarted,
    runs_succeeded: runs.succeeded, runs_failed: runs.failed, runs_cancelled: runs.cancelled, steps_claimed: steps.leased ?? 0, steps_succeeded: steps.succeeded ?? 0,
    steps_failed: steps.failed ?? 0, steps_retried: (steps.retrying ?? 0) + (steps.uncertain ?? 0), steps_dead: steps.dead ?? 0, decisions,
    queue_wait: queueWait.counts, step_duration: stepDuration.counts, run_duration: runDuration.counts,
  };
}
