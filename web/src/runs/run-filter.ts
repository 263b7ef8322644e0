import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { RUN_STATES, statesOf } from '@countersign/contracts/states/transitions.ts';

type Schemas = components['schemas'];
type RunState = Schemas['RunState'];

export const ALL_RUN_STATES: readonly RunState[] = statesOf(RUN_STATES);
export const ENVIRONMENTS = ['dev', 'staging', 'prod'] as const;

/** Which runs are looked for. What is empty, null or false is any. */
export interface RunFilter {
  state: RunState[];
  q: string;
  workflow: string;
  environment: (typeof ENVIRONMENTS)[number] | '';
  error_code: string;
  step: string;
  /** RFC 3339, or empty. */
  from: string;
  to: string;
  /** Counted back from when one looks; `from` counts for nothing then. */
  last_minutes: number | null;
  paused: boolean;
  attention: boolean;
  cursor: string | null;
}

export const ANY_RUN: RunFilter = { state: [], q: '', workflow: '', environment: '', error_code: '', step: '', from: '', to: '', last_minutes: null, paused: false, attention: false, cursor: null };

const TEXTS = ['q', 'workflow', 'error_code', 'step', 'from', 'to'] as const;
const FLAGS = ['paused', 'attention'] as const;
const MINUTE_MS = 60_000;
const YEAR_MINUTES = 525_600;

/** The filter that an address holds; what it does not know it leaves out. */
export function filterOf(search: URLSearchParams): RunFilter {
  const text = (name: string): string => search.get(name) ?? '';
  const wanted = text('state').split(',');
  return {
    state: ALL_RUN_STATES.filter((state) => wanted.includes(state)), q: text('q'), workflow: text('workflow'), environment: ENVIRONMENTS.find((name) => name === search.get('environment')) ?? '',
    error_code: text('error_code'), step: text('step'), from: timeOr(text('from')), to: timeOr(text('to')), last_minutes: minutesIn(text('last_minutes')),
    paused: search.get('paused') === 'true', attention: search.get('attention') === 'true', cursor: search.get('cursor'),
  };
}

/** The address of a filter: without what is empty. */
export function addressOf(filter: RunFilter): URLSearchParams {
  const search = new URLSearchParams();
  if (filter.state.length > 0) search.set('state', filter.state.join(','));
  for (const name of TEXTS) if (filter[name] !== '') search.set(name, filter[name]);
  if (filter.environment !== '') search.set('environment', filter.environment);
  if (filter.last_minutes !== null) search.set('last_minutes', String(filter.last_minutes));
  for (const name of FLAGS) if (filter[name]) search.set(name, 'true');
  if (filter.cursor !== null) search.set('cursor', filter.cursor);
  return search;
}

/** How many things the filter asks for, the page not counted. */
export function askedFor(filter: RunFilter): number {
  return [...addressOf({ ...filter, cursor: null }).keys()].length;
}

/** The filter as a kept search holds it. */
export function savedFiltersOf(filter: RunFilter): Schemas['RunFilters'] {
  return {
    ...(filter.state.length === 0 ? {} : { state: filter.state }),
    ...Object.fromEntries(TEXTS.filter((name) => filter[name] !== '').map((name) => [name, filter[name]])),
    ...(filter.environment === '' ? {} : { environment: filter.environment }),
    ...(filter.last_minutes === null ? {} : { last_minutes: filter.last_minutes }),
    ...Object.fromEntries(FLAGS.filter((name) => filter[name]).map((name) => [name, true])),
  };
}

export function filterOfSaved(saved: Schemas['RunFilters']): RunFilter {
  const given = Object.fromEntries(Object.entries(saved).filter(([, value]) => value !== undefined));
  return { ...ANY_RUN, ...given };
}

/** The filter as the API takes it: `last_minutes` counted back from `now_ms`, to the minute, so that the same question is asked once. */
export function queryOf({ last_minutes, cursor: _cursor, ...filter }: RunFilter, now_ms: number): Omit<Schemas['RunFilters'], 'last_minutes'> {
  const from = last_minutes === null ? filter.from : new Date(Math.floor(now_ms / MINUTE_MS - last_minutes) * MINUTE_MS).toISOString();
  return savedFiltersOf({ ...filter, from, last_minutes: null, cursor: null });
}

function timeOr(text: string): string {
  return Number.isNaN(Date.parse(text)) ? '' : text;
}

function minutesIn(text: string): number | null {
  const minutes = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return minutes >= 1 && minutes <= YEAR_MINUTES ? minutes : null;
}
