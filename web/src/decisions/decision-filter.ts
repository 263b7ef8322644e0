import { OUTCOMES, type Outcome } from '@countersign/contracts/policy/decision.ts';

/** Which decisions are looked for. What is empty is any. */
export interface DecisionFilter {
  environment: EnvironmentName | '';
  workflow: string;
  action: string;
  outcome: Outcome[];
  rule: string;
  run: string;
  /** Only where a shadow decided otherwise. */
  differs: boolean;
  /** RFC 3339, or empty. */
  from: string;
  to: string;
  cursor: string | null;
}

export const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

const TEXTS = ['environment', 'workflow', 'action', 'rule', 'run', 'from', 'to'] as const;

/** The filter that an address holds; what it does not know it leaves out. */
export function filterOf(search: URLSearchParams): DecisionFilter {
  const text = (name: string): string => search.get(name) ?? '';
  return {
    environment: environmentIn(search), workflow: text('workflow'), action: text('action'), rule: text('rule'), run: text('run'), from: timeOr(text('from')), to: timeOr(text('to')),
    outcome: OUTCOMES.filter((outcome) => (search.get('outcome') ?? '').split(',').includes(outcome)), differs: search.get('differs') === 'true', cursor: search.get('cursor'),
  };
}

/** The address of a filter: without what is empty. */
export function addressOf(filter: DecisionFilter): URLSearchParams {
  const search = new URLSearchParams();
  for (const name of TEXTS) if (filter[name] !== '') search.set(name, filter[name]);
  if (filter.outcome.length > 0) search.set('outcome', filter.outcome.join(','));
  if (filter.differs) search.set('differs', 'true');
  if (filter.cursor !== null) search.set('cursor', filter.cursor);
  return search;
}

/** How many things the filter asks for, the page not counted. */
export function askedFor(filter: DecisionFilter): number {
  return [...addressOf({ ...filter, cursor: null }).keys()].length;
}

/** The address of the same decisions in OPA's decision-log format. */
export function exportUrl(filter: DecisionFilter): string {
  const search = addressOf({ ...filter, cursor: null, run: '', differs: false }).toString();
  return `/api/v1/decisions/export${search === '' ? '' : `?${search}`}`;
}

/** The environment that an address names; empty when it names none. */
export function environmentIn(search: URLSearchParams): EnvironmentName | '' {
  return ENVIRONMENTS.find((name) => name === search.get('environment')) ?? '';
}

function timeOr(text: string): string {
  return Number.isNaN(Date.parse(text)) ? '' : text;
}
