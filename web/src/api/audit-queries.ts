import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

/** Signed heads of the workspace's chain, newest first. */
export function checkpointsQuery(cursor: string | null) {
  return queryOptions({
    queryKey: ['checkpoints', cursor],
    queryFn: () => dataOf(api.GET('/api/v1/audit/checkpoints', { params: { query: { limit: 50, ...(cursor === null ? {} : { cursor }) } } })),
    placeholderData: keepPreviousData,
  });
}

/** The path from an event to the root of the tree of that size. It never changes. */
export function inclusionQuery(seq: number, size: number) {
  return queryOptions({ queryKey: ['inclusion', seq, size], queryFn: () => dataOf(api.GET('/api/v1/audit/proofs/inclusion', { params: { query: { seq, size } } })), staleTime: Infinity });
}

/** Evidence that was asked for, newest first; read again while one is being built. */
export function packagesQuery(cursor: string | null) {
  return queryOptions({
    queryKey: ['evidence-packages', cursor],
    queryFn: () => dataOf(api.GET('/api/v1/evidence-packages', { params: { query: { limit: 50, ...(cursor === null ? {} : { cursor }) } } })),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === 'requested' || one.state === 'building') === true ? 2_000 : false),
    placeholderData: keepPreviousData,
  });
}

/** Where the audit is streamed to. How far each has got moves by itself, so it is read again while it is looked at. */
export const sinksQuery = queryOptions({ queryKey: ['audit-sinks'], queryFn: () => dataOf(api.GET('/api/v1/audit/sinks')), refetchInterval: 5_000 });

export const witnessesQuery = queryOptions({ queryKey: ['witnesses'], queryFn: () => dataOf(api.GET('/api/v1/audit/witnesses')), refetchInterval: 15_000 });
