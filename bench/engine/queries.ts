import type { Database, Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { BenchPlace } from './seed.ts';

const delivery: Statement = {
  name: 'bench.delivery',
  text: `
    INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, dedupe_key, source, payload)
    VALUES ($1, $2, $3, $4, $5, 'noop', 'thing.made', $2, $2, 'webhook', jsonb_build_object('id', $2::text, 'version', 1, 'operation', 'create', 'by', 'somebody'))`,
};

export async function insertDelivery(database: Database, { tenantId, workspaceId, environmentId, instanceId }: BenchPlace, id: string): Promise<void> {
  await database.atOnce([tenantId], [{ statement: delivery, values: [tenantId, id, workspaceId, environmentId, instanceId] }]);
}

const ofRuns: Statement = {
  name: 'bench.deliveries_of_runs',
  text: `
    SELECT r.id, r.delivery_id,
           (SELECT extract(epoch FROM min(s.started_at) - d.received_at)::float8 * 1000 FROM execution.steps s WHERE s.tenant_id = r.tenant_id AND s.run_id = r.id) AS to_start_ms
      FROM execution.runs r JOIN execution.deliveries d ON d.tenant_id = r.tenant_id AND d.id = r.delivery_id
     WHERE r.tenant_id = $1 AND r.id = ANY ($2::text[])`,
};

export function readDeliveriesOfRuns(tx: Transaction, tenantId: string, runIds: readonly string[]): Promise<Array<{ id: string; delivery_id: string; to_start_ms: number }>> {
  return tx.rows(ofRuns, [tenantId, runIds]);
}
