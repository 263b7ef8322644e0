import { queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

/** Reads about who may sign in, and how. Nothing tells when these change, so what is shown is read again when one comes back to it. */

/** Where a person is signed in; null for oneself. */
export function sessionsQuery(principalId: string | null) {
  return queryOptions({
    queryKey: ['sessions', principalId],
    queryFn: () => dataOf(api.GET('/api/v1/sessions', { params: { query: principalId === null ? {} : { principal_id: principalId } } })),
  });
}
