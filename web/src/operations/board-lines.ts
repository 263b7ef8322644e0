import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Board = Pick<components['schemas']['Board'], 'series' | 'bucket_ms'>;
type Point = Board['series'][number];

/** Times in seconds since 1970, and for each line one value at each of them. */
export interface BoardLines {
  at_s: number[];
  lines: Array<{ name: string; values: Array<number | null> }>;
}

const MINUTE_MS = 60_000;

/** Runs and steps per minute. */
export function throughputLines(board: Board): BoardLines {
  const perMinute = (count: number): number => (count * MINUTE_MS) / board.bucket_ms;
  return linesOf(board, {
    'Steps claimed': ({ steps_claimed }) => perMinute(steps_claimed),
    'Runs ended well': ({ runs_succeeded }) => perMinute(runs_succeeded),
    Retries: ({ steps_retried }) => perMinute(steps_retried),
    'Runs failed': ({ runs_failed }) => perMinute(runs_failed),
  });
}

/** Milliseconds: how long steps waited for a worker, and how long their turns took. */
export function latencyLines(board: Board): BoardLines {
  return linesOf(board, {
    'Wait, median': ({ queue_wait }) => queue_wait.p50_ms,
    'Wait, 95 %': ({ queue_wait }) => queue_wait.p95_ms,
    'Step, median': ({ step_duration }) => step_duration.p50_ms,
    'Step, 95 %': ({ step_duration }) => step_duration.p95_ms,
  });
}

/** The last point is of a time that is not over: drawn, it would look like a fall. */
function linesOf({ series }: Board, values: Record<string, (point: Point) => number | null>): BoardLines {
  const whole = series.slice(0, -1);
  return { at_s: whole.map(({ at }) => Date.parse(at) / 1_000), lines: Object.entries(values).map(([name, of]) => ({ name, values: whole.map(of) })) };
}

/** `Steps claimed 12, Runs ended well 3`: the newest figures as text, for who cannot see the chart. */
export function newestInWords({ lines }: BoardLines, valueText: (value: number) => string): string {
  return lines.map(({ name, values }) => {
    const newest = values.at(-1);
    return `${name} ${newest === null || newest === undefined ? 'not measured' : valueText(newest)}`;
  }).join(', ');
}

/** `12`, `0.4`, `1,234`: a rate with as many places as say something. */
export function rateText(rate: number): string {
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: rate !== 0 && rate < 10 ? 1 : 0 }).format(rate);
}
