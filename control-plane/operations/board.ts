import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { BUCKET_COUNT, quantile_ms } from '@countersign/platform/telemetry/buckets.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { decisionCounts, figures, latencies } from './queries.ts';
import type { DecisionCountRow, FigureRow, LatencyRow } from './queries.ts';

type Schemas = components['schemas'];

/** How often workers write: a point of the series is no shorter. */
const WRITTEN_EVERY_MS = 10_000;
const MAX_POINTS = 60;
const MAX_WORKFLOWS = 50;
const COUNTS = ['runs_started', 'runs_succeeded', 'runs_failed', 'runs_cancelled', 'steps_claimed', 'steps_succeeded', 'steps_failed', 'steps_retried', 'steps_dead'] as const;
const MEASURES = ['queue_wait', 'step_duration', 'run_duration'] as const;

interface BoardRows {
  readonly figures: readonly FigureRow[];
  readonly decisions: readonly DecisionCountRow[];
  readonly latencies: readonly LatencyRow[];
}

/** Throughput and latency as the workers tell: sums over what they wrote into execution.figures. */
export class Board {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async getBoard({ principal, query }: Call<'getBoard'>): Promise<Answer<'getBoard'>> {
    const { from_ms, to_ms, bucket_ms, points } = pointsOf(this.#clock.now().getTime(), query.minutes ?? 15);
    const values = [principal.tenantId, principal.workspaceId, new Date(from_ms), bucket_ms, query.environment ?? null, query.workflow ?? null];
    const rows = await this.#database.forTenant(principal.tenantId, async (tx): Promise<BoardRows> => ({
      figures: await tx.rows<FigureRow>(figures, values),
      decisions: await tx.rows<DecisionCountRow>(decisionCounts, values),
      latencies: await tx.rows<LatencyRow>(latencies, values),
    }));
    const sums = sumsBy(rows, ({ point }) => String(Math.min(Math.max(point, 0), points - 1)));
    const workflows = [...sumsBy(rows, ({ environment, workflow_name }) => `${environment} ${workflow_name}`)].map(([key, sum]) => ({
      environment: key.slice(0, key.indexOf(' ')), workflow_name: key.slice(key.indexOf(' ') + 1), ...sum.figures(),
    // What workers do for themselves is decided by policy too, and has neither runs nor steps.
    })).filter(({ steps_claimed, runs_started, runs_succeeded, runs_failed, runs_cancelled }) => steps_claimed + runs_started + runs_succeeded + runs_failed + runs_cancelled > 0)
      .toSorted((a, b) => b.steps_claimed - a.steps_claimed || a.workflow_name.localeCompare(b.workflow_name));
    return {
      status: 200,
      body: {
        from: new Date(from_ms).toISOString(), to: new Date(to_ms).toISOString(), bucket_ms,
        totals: (sumsBy(rows, () => 'all').get('all') ?? new Sum()).figures(),
        series: Array.from({ length: points }, (_, point) => ({ at: new Date(from_ms + point * bucket_ms).toISOString(), ...(sums.get(String(point)) ?? new Sum()).figures() })),
        workflows: workflows.slice(0, MAX_WORKFLOWS), workflows_left_out: Math.max(0, workflows.length - MAX_WORKFLOWS),
      },
    };
  }
}

/** Points begin at round times, so that they stand still while the board is looked at. */
function pointsOf(now_ms: number, minutes: number): { from_ms: number; to_ms: number; bucket_ms: number; points: number } {
  const bucket_ms = Math.ceil(minutes * 60_000 / MAX_POINTS / WRITTEN_EVERY_MS) * WRITTEN_EVERY_MS;
  const points = Math.ceil(minutes * 60_000 / bucket_ms);
  const from_ms = (Math.floor(now_ms / bucket_ms) - points + 1) * bucket_ms;
  return { from_ms, to_ms: from_ms + points * bucket_ms, bucket_ms, points };
}

type Place = Pick<FigureRow, 'point' | 'environment' | 'workflow_name'>;

function sumsBy(rows: BoardRows, keyOf: (row: Place) => string): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  const of = (row: Place): Sum => {
    const key = keyOf(row);
    const sum = sums.get(key) ?? new Sum();
    sums.set(key, sum);
    return sum;
  };
  for (const row of rows.figures) of(row).count(row);
  for (const row of rows.decisions) of(row).decide(row);
  for (const row of rows.latencies) of(row).measure(row);
  return sums;
}

class Sum {
  readonly #counts = new Map<(typeof COUNTS)[number], number>();
  readonly #decisions: Record<string, number> = {};
  readonly #buckets = new Map<LatencyRow['measure'], number[]>();

  count(row: FigureRow): void {
    for (const name of COUNTS) this.#counts.set(name, (this.#counts.get(name) ?? 0) + row[name]);
  }

  decide({ outcome, count }: DecisionCountRow): void {
    this.#decisions[outcome] = (this.#decisions[outcome] ?? 0) + count;
  }

  measure({ measure, bucket, count }: LatencyRow): void {
    const buckets = this.#buckets.get(measure) ?? Array.from({ length: BUCKET_COUNT }, () => 0);
    buckets[bucket] = (buckets[bucket] ?? 0) + count;
    this.#buckets.set(measure, buckets);
  }

  figures(): Schemas['BoardFigures'] {
    const counts = Object.fromEntries(COUNTS.map((name) => [name, this.#counts.get(name) ?? 0])) as Record<(typeof COUNTS)[number], number>;
    const latency = Object.fromEntries(MEASURES.map((name) => [name, latencyOf(this.#buckets.get(name) ?? [])])) as Record<LatencyRow['measure'], Schemas['Latency']>;
    return { ...counts, decisions: this.#decisions, ...latency };
  }
}

function latencyOf(buckets: readonly number[]): Schemas['Latency'] {
  const at = (q: number): number | null => {
    const value = quantile_ms(buckets, q);
    return value === null ? null : Math.round(value * 10) / 10;
  };
  return { count: buckets.reduce((sum, count) => sum + count, 0), p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) };
}
