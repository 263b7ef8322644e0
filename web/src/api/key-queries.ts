import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

/** The public halves of what signs. */
export const keysQuery = queryOptions({ queryKey: ['keys'], queryFn: () => dataOf(api.GET('/api/v1/keys')), staleTime: 60_000 });

/** What seals, by purpose and generation; never the keys themselves. */
export const dataKeysQuery = queryOptions({ queryKey: ['data-keys'], queryFn: () => dataOf(api.GET('/api/v1/data-keys')) });

/** What a key signed, newest first, a page after the other. */
export function signaturesQuery(kid: string) {
  return infiniteQueryOptions({
    queryKey: ['key-signatures', kid],
    queryFn: ({ pageParam }) => dataOf(api.GET('/api/v1/keys/{kid}/signatures', { params: { path: { kid }, query: { limit: 100, ...(pageParam === null ? {} : { cursor: pageParam }) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
}
