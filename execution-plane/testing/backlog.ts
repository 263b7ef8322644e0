import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { sql } from './queries.ts';
import type { PlaceIds } from './queries.ts';

export interface Backlog {
  readonly runs: number;
  /** Of another workspace of the tenant, where it has one. */
  readonly workspaceId?: string;
  /** 1 high, 2 normal, 3 low. */
  readonly priority?: number;
}

/** Runs of one ready step each, queued one after the other in the order of their ids. Made by the database itself: a hundred thousand take seconds. */
export async function plantQueued(tx: Transaction, ids: Pick<PlaceIds, 'tenantId' | 'workspaceId' | 'environmentId'>, { runs, workspaceId = ids.workspaceId, priority = 2 }: Backlog): Promise<void> {
  const series = newId('run').slice('run_'.length, -8);
  await tx.change(sql('backlog_runs', `
    INSERT INTO execution.runs (tenant_id, id, workspace_id, environment_id, workflow_id, workflow_name, workflow_version, workflow_digest, definition, trigger_kind, trigger_key, priority, created_at)
    SELECT $1, 'run_' || $4 || lpad(n::text, 8, '0'), $2, $3, 'wfl_backlog', 'backlog', 1, 'sha256:backlog', '{"name":"backlog","steps":[]}', 'manual', $4 || n, $5, clock_timestamp()
      FROM generate_series(1, $6::int) n`), [ids.tenantId, workspaceId, ids.environmentId, series, priority, runs]);
  await tx.change(sql('backlog_steps', `
    INSERT INTO execution.steps (tenant_id, id, run_id, key, ordinal, uses, state, workspace_id, priority)
    SELECT $1, 'stp_' || $3 || lpad(n::text, 8, '0'), 'run_' || $3 || lpad(n::text, 8, '0'), 'only', 0, 'transform', 'ready', $2, $4
      FROM generate_series(1, $5::int) n`), [ids.tenantId, workspaceId, series, priority, runs]);
}

export async function seedWorkspaceBeside(tx: Transaction, tenantId: string, workspace: { id: string; slug: string; environmentId: string; weight: number }): Promise<void> {
  await tx.change(sql('workspace_beside', 'INSERT INTO control.workspaces (tenant_id, id, slug, name, weight) VALUES ($1, $2, $3, $3, $4)'), [tenantId, workspace.id, workspace.slug, workspace.weight]);
  await tx.change(sql('environment_beside', `INSERT INTO control.environments (tenant_id, workspace_id, id, name, ordinal) VALUES ($1, $2, $3, 'prod', 3)`), [tenantId, workspace.id, workspace.environmentId]);
}

export async function setTenantWeight(tx: Transaction, tenantId: string, weight: number): Promise<void> {
  await tx.change(sql('tenant_weight', 'UPDATE control.tenants SET weight = $2 WHERE tenant_id = $1'), [tenantId, weight]);
}
