import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { DecisionFilter, EnvironmentName } from '../decisions/decision-filter.ts';
import { api, dataOf } from './client.ts';
import { pollEvery } from './live-status.ts';

/** Reads of the decision log, of what shadows would have decided, of replays and of kill switches. */

export function decisionsQuery(filter: DecisionFilter, limit = 50) {
  const { environment, workflow, action, outcome, rule, run, differs, from, to, cursor } = filter;
  return queryOptions({
    queryKey: ['decisions', filter, limit],
    queryFn: () => dataOf(api.GET('/api/v1/decisions', {
      params: {
        query: {
          limit, ...(environment === '' ? {} : { environment }), ...(workflow === '' ? {} : { workflow }), ...(action === '' ? {} : { action }), ...(outcome.length === 0 ? {} : { outcome }),
          ...(rule === '' ? {} : { rule }), ...(run === '' ? {} : { run_id: run }), ...(differs ? { differs } : {}), ...(from === '' ? {} : { from }), ...(to === '' ? {} : { to }), ...(cursor === null ? {} : { cursor }),
        },
      },
    })),
    refetchInterval: () => pollEvery(10_000),
    placeholderData: keepPreviousData,
  });
}

/** A decision never changes; only whether its whole input is still kept does. */
export function decisionQuery(decisionId: string) {
  return queryOptions({
    queryKey: ['decision', decisionId],
    queryFn: () => dataOf(api.GET('/api/v1/decisions/{decision_id}', { params: { path: { decision_id: decisionId } } })),
    staleTime: 60_000,
  });
}

export function shadowQuery(environment: EnvironmentName | '', from: string | null) {
  return queryOptions({
    queryKey: ['decisions', 'shadow', environment, from],
    queryFn: () => dataOf(api.GET('/api/v1/policy-shadow', { params: { query: { ...(environment === '' ? {} : { environment }), ...(from === null ? {} : { from }) } } })),
    refetchInterval: () => pollEvery(30_000),
    placeholderData: keepPreviousData,
  });
}

export function replaysQuery(environment: EnvironmentName | '', cursor: string | null, limit = 50) {
  return queryOptions({
    queryKey: ['policy', 'replays', environment, cursor, limit],
    queryFn: () => dataOf(api.GET('/api/v1/policy-replays', { params: { query: { limit, ...(environment === '' ? {} : { environment }), ...(cursor === null ? {} : { cursor }) } } })),
    refetchInterval: () => pollEvery(5_000),
    placeholderData: keepPreviousData,
  });
}

const REPLAY_POLL_MS = 2_000;

export function replayQuery(replayId: string) {
  return queryOptions({
    queryKey: ['policy', 'replay', replayId],
    queryFn: () => dataOf(api.GET('/api/v1/policy-replays/{replay_id}', { params: { path: { replay_id: replayId } } })),
    // Events tell of progress; while it runs it is also looked at again.
    refetchInterval: ({ state }) => (state.data === undefined || ['queued', 'running'].includes(state.data.state) ? REPLAY_POLL_MS : false),
  });
}

export const killSwitchesQuery = queryOptions({ queryKey: ['kill-switches', 'all'], queryFn: () => dataOf(api.GET('/api/v1/kill-switches')), refetchInterval: () => pollEvery(10_000) });
