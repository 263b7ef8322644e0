import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { RUN_STATES, statesOf } from '@countersign/contracts/states/transitions.ts';
import type { RunFilter } from '../api/queries.ts';

type RunState = components['schemas']['RunState'];

export const ALL_RUN_STATES: readonly RunState[] = statesOf(RUN_STATES);

/** The filter that an address holds; what it does not know it leaves out. */
export function filterOf(search: URLSearchParams): RunFilter {
  const wanted = new Set((search.get('state') ?? '').split(','));
  return { state: ALL_RUN_STATES.filter((state) => wanted.has(state)), q: search.get('q') ?? '', cursor: search.get('cursor') };
}

/** The address of a filter: without what is empty. Another filter begins at its first page. */
export function addressOf({ state, q, cursor }: RunFilter): URLSearchParams {
  const search = new URLSearchParams();
  if (state.length > 0) search.set('state', state.join(','));
  if (q !== '') search.set('q', q);
  if (cursor !== null) search.set('cursor', cursor);
  return search;
}
