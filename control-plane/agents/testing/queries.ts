import type { Statement } from '@countersign/platform/postgres/database.ts';

export const insertPool: Statement = {
  name: 'testing.insert_pool',
  text: `INSERT INTO control.agent_pools (tenant_id, id, workspace_id, environment_id, name, created_by) VALUES ($1, $2, $3, $4, $5, 'tests')`,
};

export const expireTokens: Statement = {
  name: 'testing.expire_tokens',
  text: `UPDATE control.agent_enrolment_tokens SET expires_at = clock_timestamp() - interval '1 ms' WHERE tenant_id = $1 AND id = $2`,
};

export const readAgents: Statement = {
  name: 'testing.read_agents',
  text: 'SELECT id, state, certificate_serial, previous_serial, state_reason FROM control.agents WHERE tenant_id = $1 ORDER BY enrolled_at, id',
};

export const suspendTenant: Statement = {
  name: 'testing.suspend_tenant',
  text: 'UPDATE control.tenant_directory SET state = $2 WHERE tenant_id = $1',
};
