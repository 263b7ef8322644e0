import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from './client.ts';
import { pollEvery } from './live-status.ts';

/** Every read of policy. The first part of a key is `policy` where an event of that kind may have changed what was read. */

/** The bundles in force and how fresh they are. */
export const policyStatusQuery = queryOptions({ queryKey: ['policy', 'status'], queryFn: () => dataOf(api.GET('/api/v1/policy')), refetchInterval: () => pollEvery(15_000) });

/** Layers with their newest versions, and what is released where. */
export const policyOverviewQuery = queryOptions({ queryKey: ['policy', 'overview'], queryFn: () => dataOf(api.GET('/api/v1/policies')), refetchInterval: () => pollEvery(15_000) });

export function policyVersionsQuery(layer: string, limit = 50) {
  return queryOptions({
    queryKey: ['policy', 'versions', layer, limit],
    queryFn: () => dataOf(api.GET('/api/v1/policies/{layer}/versions', { params: { path: { layer }, query: { limit } } })),
  });
}

/** A version never changes. */
export function policyVersionQuery(layer: string, version: number) {
  return queryOptions({
    queryKey: ['policy-version', layer, version],
    queryFn: () => dataOf(api.GET('/api/v1/policies/{layer}/versions/{version}', { params: { path: { layer, version } } })),
    staleTime: Infinity,
  });
}

export interface ReleaseFilter {
  environmentId: string;
  mode: Schemas['PolicyMode'] | '';
  cursor: string | null;
}

export function policyReleasesQuery({ environmentId, mode, cursor }: ReleaseFilter, limit = 50) {
  return queryOptions({
    queryKey: ['policy', 'releases', { environmentId, mode, cursor, limit }],
    queryFn: () => dataOf(api.GET('/api/v1/policy-releases', {
      params: { query: { limit, ...(environmentId === '' ? {} : { environment_id: environmentId }), ...(mode === '' ? {} : { mode }), ...(cursor === null ? {} : { cursor }) } },
    })),
    refetchInterval: () => pollEvery(15_000),
    placeholderData: keepPreviousData,
  });
}

export function policyReleaseQuery(releaseId: string) {
  return queryOptions({
    queryKey: ['policy', 'release', releaseId],
    queryFn: () => dataOf(api.GET('/api/v1/policy-releases/{release_id}', { params: { path: { release_id: releaseId } } })),
  });
}

export function policyDraftsQuery(layer: string, limit = 20) {
  return queryOptions({
    queryKey: ['policy', 'drafts', layer, limit],
    queryFn: () => dataOf(api.GET('/api/v1/policies/{layer}/drafts', { params: { path: { layer }, query: { limit } } })),
  });
}

/** A draft never changes: another check is another draft. */
export function policyDraftQuery(draftId: string) {
  return queryOptions({
    queryKey: ['policy-draft', draftId],
    queryFn: () => dataOf(api.GET('/api/v1/policy-drafts/{draft_id}', { params: { path: { draft_id: draftId } } })),
    staleTime: Infinity,
  });
}

export interface GateAsRead {
  gate: Schemas['PolicyGate'];
  /** What a change names, so that nobody's change is lost. */
  etag: string | null;
}

export function policyGateQuery(environmentId: string) {
  return queryOptions({
    queryKey: ['policy', 'gate', environmentId],
    queryFn: async (): Promise<GateAsRead> => {
      const answer = await api.GET('/api/v1/policy-gates/{environment_id}', { params: { path: { environment_id: environmentId } } });
      return { gate: await dataOf(Promise.resolve(answer)), etag: answer.response.headers.get('etag') };
    },
    // What is filled in stays as it was read: a change of somebody else meanwhile is told by the ETag.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}
