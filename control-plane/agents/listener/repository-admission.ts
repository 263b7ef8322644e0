import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface AgentRow {
  readonly workspace_id: string;
  readonly environment_id: string;
  readonly pool_id: string;
  readonly state: 'active' | 'draining' | 'revoked';
  readonly certificate_serial: string;
  readonly previous_serial: string | null;
}

export const findAgent: Statement = {
  name: 'agents.find_for_admission',
  text: `
    SELECT p.workspace_id, p.environment_id, a.pool_id, a.state, a.certificate_serial, a.previous_serial
      FROM control.agents a JOIN control.agent_pools p ON p.tenant_id = a.tenant_id AND p.id = a.pool_id
     WHERE a.tenant_id = $1 AND a.id = $2`,
};

/** Of the agents that are connected, those that may not be any more. */
export const findRevoked: Statement = {
  name: 'agents.find_revoked',
  text: `SELECT id FROM control.agents WHERE tenant_id = $1 AND id = ANY($2) AND state = 'revoked'`,
};
