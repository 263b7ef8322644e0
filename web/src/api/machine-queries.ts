import { queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

/** Reads about programs that call the API. No secret is ever among them. */

export function apiKeysQuery(principalId: string) {
  return queryOptions({ queryKey: ['api-keys', principalId], queryFn: () => dataOf(api.GET('/api/v1/api-keys', { params: { query: { principal_id: principalId } } })) });
}

export const serviceAccountsQuery = queryOptions({ queryKey: ['service-accounts'], queryFn: () => dataOf(api.GET('/api/v1/service-accounts')) });

export const oauthClientsQuery = queryOptions({ queryKey: ['oauth-clients'], queryFn: () => dataOf(api.GET('/api/v1/oauth-clients')) });

export const federationsQuery = queryOptions({ queryKey: ['federations'], queryFn: () => dataOf(api.GET('/api/v1/federations')) });
