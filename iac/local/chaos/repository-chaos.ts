import type { PlaceIds } from '@countersign/execution-plane/testing/queries.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const activate: Statement = {
  name: 'chaos.activate',
  text: `INSERT INTO control.workflow_activations (tenant_id, workflow_id, environment_id, version, activated_by) VALUES ($1, $2, $3, 1, 'chaos')`,
};

/** Version 1 of a workflow in one more environment. */
export async function activateWorkflow(tx: Transaction, ids: PlaceIds, workflowId: string): Promise<void> {
  await tx.change(activate, [ids.tenantId, workflowId, ids.environmentId]);
}

const moveInstance: Statement = { name: 'chaos.move_instance', text: 'UPDATE control.connector_instances SET environment_id = $3 WHERE tenant_id = $1 AND id = $2' };

export async function moveInstanceTo(tx: Transaction, ids: PlaceIds): Promise<void> {
  await tx.change(moveInstance, [ids.tenantId, ids.instanceId, ids.environmentId]);
}

const progress: Statement = {
  name: 'chaos.progress',
  text: `
    SELECT (SELECT count(*)::int FROM execution.runs WHERE state IN ('succeeded', 'failed', 'cancelled')) AS ended,
           (SELECT count(*)::int FROM execution.deliveries WHERE state = 'dropped') AS dropped,
           (SELECT coalesce(sum(fence), 0)::int FROM execution.steps) AS claims`,
};

export interface Progress {
  readonly ended: number;
  readonly dropped: number;
  /** Grows whenever anything is claimed. */
  readonly claims: number;
}

export function readProgress(tx: Transaction): Promise<Progress> {
  return tx.one<Progress>(progress);
}

const pendingApprovals: Statement = { name: 'chaos.pending_approvals', text: `SELECT id FROM control.approvals WHERE state = 'pending' ORDER BY id` };

export async function listPendingApprovals(tx: Transaction): Promise<string[]> {
  return (await tx.rows<{ id: string }>(pendingApprovals)).map((row) => row.id);
}

const pendingEvents: Statement = { name: 'chaos.pending_events', text: 'SELECT coalesce(sum(cardinality(event_ids)), 0)::int AS events FROM audit.pending' };

export async function countPendingEvents(tx: Transaction): Promise<number> {
  return (await tx.one<{ events: number }>(pendingEvents)).events;
}
