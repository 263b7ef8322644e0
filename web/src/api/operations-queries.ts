import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

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

/** Where a run stands: leases, waits, the next attempt. Steps change more often than the run does. */
export function timelineQuery(runId: string, ended: boolean) {
  return queryOptions({
    queryKey: ['timeline', runId],
    queryFn: () => dataOf(api.GET('/api/v1/runs/{run_id}/timeline', { params: { path: { run_id: runId } } })),
    refetchInterval: ended ? false : LOOK_EVERY_MS,
  });
}

export const savedViewsQuery = queryOptions({ queryKey: ['saved-views'], queryFn: () => dataOf(api.GET('/api/v1/saved-views')), staleTime: 30_000 });
