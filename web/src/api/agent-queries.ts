import { queryOptions } from '@tanstack/react-query';
import { api, dataOf } from './client.ts';

/** What runs behind firewalls. How an agent is changes with each of its polls, without an event: it is read again and again while it is shown. */

const LOOK_EVERY_MS = 5_000;

export const agentPoolsQuery = queryOptions({ queryKey: ['agent-pools'], queryFn: () => dataOf(api.GET('/api/v1/agent-pools')), refetchInterval: LOOK_EVERY_MS });

export function agentsQuery(revoked: boolean) {
  return queryOptions({ queryKey: ['agents', { revoked }], queryFn: () => dataOf(api.GET('/api/v1/agents', { params: { query: revoked ? { revoked } : {} } })), refetchInterval: LOOK_EVERY_MS });
}

/** No secret is among them. */
export const agentTokensQuery = queryOptions({ queryKey: ['agent-tokens'], queryFn: () => dataOf(api.GET('/api/v1/agent-tokens')), refetchInterval: LOOK_EVERY_MS });

export const agentRolloutsQuery = queryOptions({ queryKey: ['agent-rollouts'], queryFn: () => dataOf(api.GET('/api/v1/agent-rollouts')), refetchInterval: LOOK_EVERY_MS });
