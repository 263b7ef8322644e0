import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Report = components['schemas']['PolicyGateReport'];

export interface FigureRow {
  name: string;
  figure: string;
  limit: string;
  exceeded: boolean;
}

/** What was found beside what was allowed. `exceeded` compares by the gate's own words: at least for the size of the replay, at most for the rest. */
export function figureRows({ figures, limits }: Pick<Report, 'figures' | 'limits'>): FigureRow[] {
  const share = figures.decisions === 0 ? 0 : figures.changed / figures.decisions;
  return [
    { name: 'Decisions replayed', figure: String(figures.decisions), limit: `at least ${limits.min_decisions}`, exceeded: figures.decisions < limits.min_decisions },
    row('Decisions that come out otherwise', share, limits.max_changed_share, percent, ` (${figures.changed})`),
    row('Runs that would be denied', figures.newly_denied_runs, limits.max_newly_denied_runs, String),
    row('Person-minutes of further approvals', figures.extra_approval_minutes, limits.max_extra_approval_minutes, minutes, ` (${figures.extra_approvals} ${figures.extra_approvals === 1 ? 'approval' : 'approvals'})`),
  ];
}

function row(name: string, figure: number, limit: number | null, format: (value: number) => string, more = ''): FigureRow {
  return { name, figure: `${format(figure)}${more}`, limit: limit === null ? 'no limit' : `at most ${format(limit)}`, exceeded: limit !== null && figure > limit };
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function minutes(value: number): string {
  return String(Math.round(value * 10) / 10);
}
