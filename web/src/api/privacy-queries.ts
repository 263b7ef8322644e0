import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, taggedOf } from './client.ts';

/** How long what is kept, with the tag of what was read, so that a change does not undo another's. */
export const retentionQuery = queryOptions({ queryKey: ['retention'], queryFn: () => taggedOf(api.GET('/api/v1/retention')) });

export const legalHoldsQuery = queryOptions({ queryKey: ['legal-holds'], queryFn: () => dataOf(api.GET('/api/v1/legal-holds')) });

/** Read again while one goes on. */
export const erasureRequestsQuery = queryOptions({
  queryKey: ['erasure-requests'],
  queryFn: () => dataOf(api.GET('/api/v1/erasure-requests')),
  refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === 'requested' || one.state === 'running') === true ? 3_000 : false),
});
