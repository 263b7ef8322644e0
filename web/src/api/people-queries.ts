import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

/** Reads about who may sign in, and how. Nothing tells when these change, so what is shown is read again when one comes back to it. */

/** Where a person is signed in; null for oneself. */
export function sessionsQuery(principalId: string | null) {
  return queryOptions({
    queryKey: ['sessions', principalId],
    queryFn: () => dataOf(api.GET('/api/v1/sessions', { params: { query: principalId === null ? {} : { principal_id: principalId } } })),
  });
}

export const passkeysQuery = queryOptions({ queryKey: ['passkeys'], queryFn: () => dataOf(api.GET('/api/v1/passkeys')) });

/** People by a part of their name or address; empty for all. */
export function peopleQuery(q: string, cursor: string | null = null) {
  return queryOptions({
    queryKey: ['people', { q, cursor }],
    queryFn: () => dataOf(api.GET('/api/v1/people', { params: { query: { limit: 50, ...(q === '' ? {} : { q }), ...(cursor === null ? {} : { cursor }) } } })),
    placeholderData: keepPreviousData,
  });
}

export function personQuery(principalId: string) {
  return queryOptions({ queryKey: ['people', principalId], queryFn: () => dataOf(api.GET('/api/v1/people/{principal_id}', { params: { path: { principal_id: principalId } } })) });
}

export const invitationsQuery = queryOptions({ queryKey: ['invitations'], queryFn: () => dataOf(api.GET('/api/v1/invitations')) });

export const groupsQuery = queryOptions({ queryKey: ['groups'], queryFn: () => dataOf(api.GET('/api/v1/groups')) });

export function groupRolesQuery(groupId: string) {
  return queryOptions({ queryKey: ['group-roles', groupId], queryFn: () => dataOf(api.GET('/api/v1/groups/{group_id}/roles', { params: { path: { group_id: groupId } } })) });
}

/** The OpenID providers that vouch for people; never their secrets. */
export const identityProvidersQuery = queryOptions({ queryKey: ['identity-providers'], queryFn: () => dataOf(api.GET('/api/v1/identity-providers')) });

/** How long sessions of the tenant last. */
export const sessionLimitsQuery = queryOptions({ queryKey: ['session-limits'], queryFn: () => dataOf(api.GET('/api/v1/session-limits')) });
