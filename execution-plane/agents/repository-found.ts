import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import { jsonb } from '../contents/jsonb.ts';
import type { FoundDelivery } from '../reconciler/queries.ts';

const instancePlace: Statement = {
  name: 'agent_found.instance',
  text: `SELECT workspace_id, environment_id, connector FROM control.connector_instances WHERE tenant_id = $1 AND id = $2 AND enabled`,
};

export interface InstancePlace {
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly connector: string;
}

/** Undefined where it is not there any more, or switched off. */
export function readInstancePlace(tx: Transaction, tenantId: string, instanceId: string): Promise<InstancePlace | undefined> {
  return tx.maybeOne<InstancePlace>(instancePlace, [tenantId, instanceId]);
}

const storeFound: Statement = {
  name: 'agent_found.store',
  text: `
    WITH found AS (
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, subject_label, dedupe_key, source, payload)
      SELECT $1, f.id, $2, $3, $4, $5, f.event, f.subject, f.subject_label, f.dedupe_key, 'reconciler', f.payload
        FROM jsonb_to_recordset($6::jsonb) AS f(id text, event text, subject text, subject_label text, dedupe_key text, payload jsonb)
      -- the webhook was here first, or another agent of the pool
      ON CONFLICT ON CONSTRAINT one_delivery_per_record_version DO NOTHING
      RETURNING id
    ), moved AS (
      INSERT INTO execution.reconciler_cursors (tenant_id, instance_id, cursor, found_count) VALUES ($1, $4, $7, (SELECT count(*) FROM found))
      ON CONFLICT (tenant_id, instance_id) DO UPDATE
        SET cursor = excluded.cursor, polled_at = clock_timestamp(), found_count = reconciler_cursors.found_count + excluded.found_count
    )
    SELECT coalesce((SELECT array_agg(id) FROM found), '{}') AS found`,
};

/** Stores what an agent found and where its watch goes on; gives the ids of those that are new. */
export async function storeFoundEvents(tx: Transaction, tenantId: string, instanceId: string, { workspace_id, environment_id, connector }: InstancePlace, deliveries: readonly FoundDelivery[], cursor: string): Promise<string[]> {
  return (await tx.one<{ found: string[] }>(storeFound, [tenantId, workspace_id, environment_id, instanceId, connector, jsonb(deliveries), cursor])).found;
}
