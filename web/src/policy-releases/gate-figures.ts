import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { countOf } from '../format/count.ts';

type Report = components['schemas']['PolicyGateReport'];

export interface FigureRow {
  name: string;
  figure: string;
  limit: string;
  exceeded: boolean;
}

/** What was found beside what was allowed. Whether a figure is over its limit is the gate's own word: it names each in `exceeded`. */
export function figureRows({ figures, limits, exceeded }: Report): FigureRow[] {
  const over = (field: string): boolean => exceeded.some((problem) => problem.field === `/${field}`);
  const share = figures.decisions === 0 ? 0 : figures.changed / figures.decisions;
  const minutes = figures.extra_approval_minutes;
  return [
    { name: 'Decisions replayed', figure: String(figures.decisions), limit: `at least ${limits.min_decisions}`, exceeded: over('min_decisions') },
    { name: 'Decisions that come out otherwise', figure: `${percent(share)} (${figures.changed})`, limit: atMost(limits.max_changed_share, percent), exceeded: over('max_changed_share') },
    { name: 'Runs that would be denied', figure: String(figures.newly_denied_runs), limit: atMost(limits.max_newly_denied_runs, String), exceeded: over('max_newly_denied_runs') },
    { name: 'Person-minutes of further approvals', figure: `${minutes === null ? 'not known' : rounded(minutes)} (${countOf(figures.extra_approvals, 'approval')})`, limit: atMost(limits.max_extra_approval_minutes, rounded), exceeded: over('max_extra_approval_minutes') },
    { name: 'Calls that the policy gave no decision for', figure: String(figures.undecided), limit: 'none', exceeded: over('undecided') },
  ];
}

function atMost(limit: number | null, format: (value: number) => string): string {
  return limit === null ? 'no limit' : `at most ${format(limit)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
