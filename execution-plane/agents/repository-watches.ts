import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';
import type { DueInstance } from '../reconciler/queries.ts';

const unwatched: Statement = {
  name: 'agent_watches.unwatched',
  text: `
    SELECT i.tenant_id, t.slug AS tenant_slug, i.workspace_id, w.slug AS workspace_slug, i.environment_id, e.name AS environment_name,
           i.id AS instance_id, i.name AS instance_name, i.connector, i.settings, c.cursor,
           i.connector_version, i.manifest_digest, i.package_digest, p.id AS pool_id, p.name AS pool_name, p.order_valid_ms
      FROM control.connector_instances i
      JOIN control.agent_pools p ON p.tenant_id = i.tenant_id AND p.id = i.pool_id
      JOIN control.tenant_directory t ON t.tenant_id = i.tenant_id
      JOIN control.workspaces w ON w.tenant_id = i.tenant_id AND w.id = i.workspace_id
      JOIN control.environments e ON e.tenant_id = i.tenant_id AND e.id = i.environment_id
      LEFT JOIN execution.reconciler_cursors c ON c.tenant_id = i.tenant_id AND c.instance_id = i.id
      LEFT JOIN execution.agent_watches a ON a.tenant_id = i.tenant_id AND a.instance_id = i.id
      LEFT JOIN execution.work_orders o ON o.tenant_id = a.tenant_id AND o.id = a.order_id
      LEFT JOIN control.agents g ON g.tenant_id = a.tenant_id AND g.id = a.agent_id
      LEFT JOIN control.agent_presence s ON s.tenant_id = a.tenant_id AND s.agent_id = a.agent_id
     WHERE i.enabled AND w.archived_at IS NULL AND i.connector = ANY ($1::text[])
       AND (o.id IS NULL OR a.expires_at < clock_timestamp() + $2::float8 * interval '1 millisecond'
            -- it ended early: not at once again
            OR (o.state NOT IN ('queued', 'received') AND o.ended_at < clock_timestamp() - interval '30 seconds')
            -- whoever watches is gone, or is to have nothing more to do
            OR g.state <> 'active' OR s.draining OR s.seen_at < clock_timestamp() - $3::float8 * interval '1 millisecond')
     LIMIT 50`,
};

/** An instance that only agents reach and that nobody watches, or not for long any more. */
export interface UnwatchedInstance extends DueInstance {
  readonly settings: JsonObject;
  readonly connector_version: string;
  readonly manifest_digest: string;
  readonly package_digest: string | null;
  readonly pool_id: string;
  readonly pool_name: string;
  readonly order_valid_ms: number;
}

export function findUnwatched(tx: Transaction, connectors: readonly string[], withinMs: number, lostMs: number): Promise<UnwatchedInstance[]> {
  return tx.rows<UnwatchedInstance>(unwatched, [connectors, withinMs, lostMs]);
}

const keepWatch: Statement = {
  name: 'agent_watches.keep',
  text: `
    INSERT INTO execution.agent_watches (tenant_id, instance_id, order_id, agent_id, expires_at, cursor)
    VALUES ($1, $2, $3, $4, clock_timestamp() + $5::float8 * interval '1 millisecond', $6)
    ON CONFLICT (tenant_id, instance_id) DO UPDATE SET order_id = excluded.order_id, agent_id = excluded.agent_id, expires_at = excluded.expires_at, cursor = excluded.cursor`,
};

export async function writeWatch(tx: Transaction, { tenant_id, instance_id, cursor }: UnwatchedInstance, order: { readonly id: string; readonly agentId: string; readonly validForMs: number }): Promise<void> {
  await tx.change(keepWatch, [tenant_id, instance_id, order.id, order.agentId, order.validForMs, cursor]);
}
