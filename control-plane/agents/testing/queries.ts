import type { Statement } from '@countersign/platform/postgres/database.ts';

export const insertPool: Statement = {
  name: 'testing.insert_pool',
  text: `INSERT INTO control.agent_pools (tenant_id, id, workspace_id, environment_id, name, created_by) VALUES ($1, $2, $3, $4, $5, 'tests')`,
};

export const expireTokens: Statement = {
  name: 'testing.expire_tokens',
  text: `UPDATE control.agent_enrolment_tokens SET expires_at = clock_timestamp() - interval '1 ms' WHERE tenant_id = $1 AND id = $2`,
};

/** As a renewal would, without anybody being told. */
export const setCertificate: Statement = {
  name: 'testing.set_certificate',
  text: 'UPDATE control.agents SET certificate_serial = $3, certificate_expires_at = $4 WHERE tenant_id = $1 AND id = $2',
};

/** Without a notification. */
export const setState: Statement = {
  name: 'testing.set_state',
  text: 'UPDATE control.agents SET state = $3 WHERE tenant_id = $1 AND id = $2',
};

export interface AgentStateRow {
  readonly id: string;
  readonly state: string;
  readonly certificate_serial: string;
  readonly previous_serial: string | null;
  readonly state_reason: string | null;
}

export const readAgents: Statement = {
  name: 'testing.read_agents',
  text: 'SELECT id, state, certificate_serial, previous_serial, state_reason FROM control.agents WHERE tenant_id = $1 ORDER BY enrolled_at, id',
};

export const suspendTenant: Statement = {
  name: 'testing.suspend_tenant',
  text: 'UPDATE control.tenant_directory SET state = $2 WHERE tenant_id = $1',
};
