import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, taggedOf, type Schemas } from './client.ts';

/** Reads about who may do what. */

/** Roles there are, built in and of the tenant's own. */
export const rolesQuery = queryOptions({ queryKey: ['roles'], queryFn: () => dataOf(api.GET('/api/v1/roles')) });

/** Who holds which role in this workspace; or, in every way, one principal. */
export function assignmentsQuery(principalId: string | null) {
  return queryOptions({
    queryKey: ['role-assignments', principalId],
    queryFn: () => dataOf(api.GET('/api/v1/role-assignments', { params: { query: principalId === null ? {} : { principal_id: principalId } } })),
  });
}

/** The table that the server decides by. It changes with the server only. */
export const permissionsQuery = queryOptions({ queryKey: ['permissions'], queryFn: () => dataOf(api.GET('/api/v1/permissions')), staleTime: Infinity });

export const authorizationQuery = queryOptions({ queryKey: ['authorization'], queryFn: () => taggedOf(api.GET('/api/v1/authorization')) });

/** Calls that wait for a second person, or waited; null for all of them. */
export function changeRequestsQuery(state: Schemas['ChangeRequestState'] | null, cursor: string | null = null) {
  return queryOptions({
    queryKey: ['change-requests', { state, cursor }],
    queryFn: () => dataOf(api.GET('/api/v1/change-requests', { params: { query: { limit: 50, ...(state === null ? {} : { state }), ...(cursor === null ? {} : { cursor }) } } })),
    refetchInterval: 15_000,
  });
}

export function changeRequestQuery(changeId: string) {
  return queryOptions({
    queryKey: ['change-request', changeId],
    queryFn: () => dataOf(api.GET('/api/v1/change-requests/{change_id}', { params: { path: { change_id: changeId } } })),
    refetchInterval: 5_000,
  });
}

/** Roles that were taken in an emergency. */
export const breakGlassQuery = queryOptions({ queryKey: ['break-glass'], queryFn: () => dataOf(api.GET('/api/v1/break-glass')), refetchInterval: 15_000 });
