import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from './client.ts';
import { queryOf as auditQueryOf, type AuditFilter } from '../audit/audit-filter.ts';
import { queryOf, type RunFilter } from '../runs/run-filter.ts';
import { actIn, currentWorkspace } from './current-workspace.ts';
import { pollEvery } from './live-status.ts';
import { ApiError } from './problem.ts';

/** Every read of the API, by name. The first part of a key names the kind of thing, so that a live event can find what it touches. */

/** Who is signed in, and where. Who has no role left in the workspace of this tab is shown the one of their session. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async () => {
    const me = await readMe().catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 404 || currentWorkspace() === null) throw error;
      actIn(null);
      return readMe();
    });
    actIn(me.workspace.id);
    return me;
  },
  staleTime: 60_000,
});

function readMe(): Promise<Schemas['Me']> {
  return dataOf(api.GET('/api/v1/me'));
}

export const cellQuery = queryOptions({ queryKey: ['cell'], queryFn: () => dataOf(api.GET('/api/v1/cell')), staleTime: 30_000 });

/** What a run list shows for `filter`; `last_minutes` is counted back anew with every read. */
export function runsQuery(filter: RunFilter, limit = 50) {
  return queryOptions({
    queryKey: ['runs', { ...filter, limit }],
    queryFn: () => dataOf(api.GET('/api/v1/runs', { params: { query: { limit, ...queryOf(filter, Date.now()), ...(filter.cursor === null ? {} : { cursor: filter.cursor }) } } })),
    refetchInterval: () => pollEvery(5_000),
    placeholderData: keepPreviousData,
  });
}

export function runQuery(runId: string) {
  return queryOptions({
    queryKey: ['run', runId],
    queryFn: () => dataOf(api.GET('/api/v1/runs/{run_id}', { params: { path: { run_id: runId } } })),
    // A run that ended still gets its evidence; until then it is looked at again.
    refetchInterval: ({ state }) => {
      const run = state.data;
      const settled = run !== undefined && ['succeeded', 'cancelled'].includes(run.state) && run.evidence !== null;
      const ended = run !== undefined && run.finished_at !== null && run.evidence === null;
      return settled ? false : ended ? 2_000 : pollEvery(3_000);
    },
  });
}

export function approvalsQuery(state: Schemas['ApprovalState'][], limit = 50) {
  return queryOptions({
    queryKey: ['approvals', { state, limit }],
    queryFn: () => dataOf(api.GET('/api/v1/approvals', { params: { query: { limit, ...(state.length > 0 ? { state } : {}) } } })),
    refetchInterval: () => pollEvery(5_000),
  });
}

export function approvalQuery(approvalId: string) {
  return queryOptions({
    queryKey: ['approval', approvalId],
    queryFn: () => dataOf(api.GET('/api/v1/approvals/{approval_id}', { params: { path: { approval_id: approvalId } } })),
    refetchInterval: () => pollEvery(5_000),
  });
}

export const workflowsQuery = queryOptions({ queryKey: ['workflows'], queryFn: () => dataOf(api.GET('/api/v1/workflows')) });

export function workflowVersionQuery(workflowId: string, version: number) {
  return queryOptions({
    queryKey: ['workflow-version', workflowId, version],
    queryFn: () => dataOf(api.GET('/api/v1/workflows/{workflow_id}/versions/{version}', { params: { path: { workflow_id: workflowId, version } } })),
    staleTime: Infinity,
  });
}

export const connectorsQuery = queryOptions({ queryKey: ['connectors'], queryFn: () => dataOf(api.GET('/api/v1/connectors')) });

export const instancesQuery = queryOptions({ queryKey: ['instances'], queryFn: () => dataOf(api.GET('/api/v1/instances')), refetchInterval: () => pollEvery(10_000) });

export const budgetQuery = queryOptions({ queryKey: ['budget'], queryFn: () => dataOf(api.GET('/api/v1/budgets')), refetchInterval: () => pollEvery(15_000) });

export function auditQuery(filter: AuditFilter, limit = 50) {
  return queryOptions({
    queryKey: ['audit', { ...filter, limit }],
    queryFn: () => dataOf(api.GET('/api/v1/audit/events', { params: { query: { limit, ...auditQueryOf(filter) } } })),
    placeholderData: keepPreviousData,
  });
}

export function costQuery(from: string, to: string | null) {
  return queryOptions({
    queryKey: ['cost', from, to],
    queryFn: () => dataOf(api.GET('/api/v1/reports/cost-per-ticket', { params: { query: { from, ...(to === null ? {} : { to }) } } })),
    placeholderData: keepPreviousData,
  });
}
