import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { queryOf, type DeadLetterFilter } from '../dead-letters/dead-letter-filter.ts';
import { api, dataOf } from './client.ts';
import { pollEvery } from './live-status.ts';

/** What operators look at. Rates and ages change without any event, so these are read again and again while they are shown. */

const LOOK_EVERY_MS = 5_000;

export const queuesQuery = queryOptions({ queryKey: ['queues'], queryFn: () => dataOf(api.GET('/api/v1/operations/queues')), refetchInterval: LOOK_EVERY_MS });

export interface BoardFilter {
  minutes: number;
  environment: 'dev' | 'staging' | 'prod' | '';
}

export function boardQuery({ minutes, environment }: BoardFilter) {
  return queryOptions({
    queryKey: ['board', { minutes, environment }],
    queryFn: () => dataOf(api.GET('/api/v1/operations/board', { params: { query: { minutes, ...(environment === '' ? {} : { environment }) } } })),
    refetchInterval: LOOK_EVERY_MS,
    placeholderData: keepPreviousData,
  });
}

const TIMELINE_PAGE = 500;

/** Where a run stands: leases, waits, the next attempt. Steps change more often than the run does. */
export function timelineQuery(runId: string, ended: boolean) {
  return infiniteQueryOptions({
    queryKey: ['timeline', runId],
    queryFn: ({ pageParam }) => dataOf(api.GET('/api/v1/runs/{run_id}/timeline', { params: { path: { run_id: runId }, query: { limit: TIMELINE_PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ended ? false : LOOK_EVERY_MS,
  });
}

export const savedViewsQuery = queryOptions({ queryKey: ['saved-views'], queryFn: () => dataOf(api.GET('/api/v1/saved-views')), staleTime: 30_000 });

export function deadLettersQuery(filter: DeadLetterFilter, limit = 50) {
  return queryOptions({
    queryKey: ['dead-letters', { ...filter, limit }],
    queryFn: () => dataOf(api.GET('/api/v1/dead-letters', { params: { query: { limit, ...queryOf(filter), ...(filter.cursor === null ? {} : { cursor: filter.cursor }) } } })),
    refetchInterval: () => pollEvery(10_000),
    placeholderData: keepPreviousData,
  });
}

export const bulkCommandsQuery = queryOptions({ queryKey: ['bulk-commands'], queryFn: () => dataOf(api.GET('/api/v1/bulk-commands', { params: { query: { limit: 10 } } })), refetchInterval: () => pollEvery(10_000) });

/** One job; while it goes on, every second. */
export function bulkCommandQuery(id: string) {
  return queryOptions({
    queryKey: ['bulk-command', id],
    queryFn: () => dataOf(api.GET('/api/v1/bulk-commands/{bulk_command_id}', { params: { path: { bulk_command_id: id } } })),
    refetchInterval: ({ state }) => (state.data?.state === 'finished' ? false : 1_000),
  });
}

export const schedulesQuery = queryOptions({ queryKey: ['schedules'], queryFn: () => dataOf(api.GET('/api/v1/schedules')), refetchInterval: () => pollEvery(10_000) });
