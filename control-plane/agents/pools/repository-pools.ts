import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface PoolRow {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly order_valid_ms: number;
  readonly created_at: Date;
  readonly active: number;
  readonly draining: number;
  readonly lost: number;
  readonly instances: string[];
}

/** Of the workspace `$2`; the pool `$3` alone where it is named. `$4`: in seconds, after which an agent is lost. */
export const listPools: Statement = {
  name: 'agent_pools.list',
  text: `
    SELECT o.id, o.name, e.name AS environment, o.order_valid_ms, o.created_at, counted.active, counted.draining, counted.lost,
           coalesce((SELECT jsonb_agg(i.name ORDER BY i.name) FROM control.connector_instances i WHERE (i.tenant_id, i.pool_id) = (o.tenant_id, o.id)), '[]') AS instances
      FROM control.agent_pools o
      JOIN control.environments e ON (e.tenant_id, e.id) = (o.tenant_id, o.environment_id)
     CROSS JOIN LATERAL (
       SELECT (count(*) FILTER (WHERE a.state = 'active'))::int AS active, (count(*) FILTER (WHERE a.state = 'draining'))::int AS draining,
              (count(*) FILTER (WHERE a.state <> 'revoked' AND (p.seen_at IS NULL OR p.seen_at < clock_timestamp() - make_interval(secs => $4))))::int AS lost
         FROM control.agents a LEFT JOIN control.agent_presence p ON (p.tenant_id, p.agent_id) = (a.tenant_id, a.id)
        WHERE (a.tenant_id, a.pool_id) = (o.tenant_id, o.id)) counted
     WHERE o.tenant_id = $1 AND o.workspace_id = $2 AND ($3::text IS NULL OR o.id = $3)
     ORDER BY e.ordinal, o.name`,
};

export const insertPool: Statement = {
  name: 'agent_pools.insert',
  text: `INSERT INTO control.agent_pools (tenant_id, id, workspace_id, environment_id, name, order_valid_ms, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
};

export interface PoolBefore {
  readonly name: string;
  readonly order_valid_ms: number;
}

/** For this transaction alone to change. */
export const findPool: Statement = {
  name: 'agent_pools.find',
  text: 'SELECT name, order_valid_ms FROM control.agent_pools WHERE tenant_id = $1 AND workspace_id = $2 AND id = $3 FOR UPDATE',
};

export const updatePool: Statement = {
  name: 'agent_pools.update',
  text: 'UPDATE control.agent_pools SET order_valid_ms = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2',
};

export const deletePool: Statement = { name: 'agent_pools.delete', text: 'DELETE FROM control.agent_pools WHERE tenant_id = $1 AND id = $2' };

/** One of an environment, for who is to be reached by it. */
export const poolOfEnvironment: Statement = {
  name: 'agent_pools.of_environment',
  text: 'SELECT id FROM control.agent_pools WHERE tenant_id = $1 AND environment_id = $2 AND id = $3 FOR SHARE',
};
