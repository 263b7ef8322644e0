import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type RunSummary = Pick<components['schemas']['RunSummary'], 'created_at' | 'cost_usd'>;

/** When runs began (seconds since 1970) and what each cost, oldest first: two columns of the same length, as the chart takes them. */
export function chartPoints(runs: readonly RunSummary[]): [at_s: number[], cost_usd: number[]] {
  const points = runs.map(({ created_at, cost_usd }) => [Date.parse(created_at) / 1_000, Number(cost_usd)] as const)
    .filter(([at, cost]) => Number.isFinite(at) && Number.isFinite(cost))
    .sort(([one], [other]) => one - other);
  return [points.map(([at]) => at), points.map(([, cost]) => cost)];
}
