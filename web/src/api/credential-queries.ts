import { queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

/** What instances sign in with: where it is kept and what uses it, never what it is. */
export const credentialsQuery = queryOptions({ queryKey: ['credentials'], queryFn: () => dataOf(api.GET('/api/v1/credentials')) });
