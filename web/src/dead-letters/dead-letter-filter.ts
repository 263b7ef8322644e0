import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ENVIRONMENTS } from '../runs/run-filter.ts';

type Filter = components['schemas']['DeadLetterFilter'];

export const BROKEN_STATES = ['dead', 'failed'] as const;

/** Which dead letters are looked for. What is empty is any; no state means `dead`. */
export interface DeadLetterFilter {
  state: Array<(typeof BROKEN_STATES)[number]>;
  workflow: string;
  environment: (typeof ENVIRONMENTS)[number] | '';
  step: string;
  uses: string;
  code: string;
  /** RFC 3339, or empty. */
  since: string;
  cursor: string | null;
}

const TEXTS = ['workflow', 'step', 'uses', 'code', 'since'] as const;

/** The filter that an address holds; what it does not know it leaves out. */
export function filterOf(search: URLSearchParams): DeadLetterFilter {
  const text = (name: string): string => search.get(name) ?? '';
  const wanted = text('state').split(',');
  return {
    state: BROKEN_STATES.filter((state) => wanted.includes(state)), workflow: text('workflow'), environment: ENVIRONMENTS.find((name) => name === search.get('environment')) ?? '',
    step: text('step'), uses: text('uses'), code: text('code'), since: Number.isNaN(Date.parse(text('since'))) ? '' : text('since'), cursor: search.get('cursor'),
  };
}

/** The address of a filter: without what is empty. */
export function addressOf(filter: DeadLetterFilter): URLSearchParams {
  const search = new URLSearchParams();
  if (filter.state.length > 0) search.set('state', filter.state.join(','));
  if (filter.environment !== '') search.set('environment', filter.environment);
  for (const name of TEXTS) if (filter[name] !== '') search.set(name, filter[name]);
  if (filter.cursor !== null) search.set('cursor', filter.cursor);
  return search;
}

/** The filter as the API takes it, for reading and for a redrive alike: the states are always named, so that both mean the same. */
export function queryOf({ state, environment, cursor: _cursor, ...texts }: DeadLetterFilter): Filter {
  return {
    state: state.length === 0 ? ['dead'] : state,
    ...(environment === '' ? {} : { environment }),
    ...Object.fromEntries(TEXTS.filter((name) => texts[name] !== '').map((name) => [name, texts[name]])),
  };
}
