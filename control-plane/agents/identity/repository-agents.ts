import type { Statement } from '@countersign/platform/postgres/database.ts';

export const insertAgent: Statement = {
  name: 'agents.insert',
  text: `
    INSERT INTO control.agents (tenant_id, id, pool_id, state, state_by, encryption_jwk, certificate_serial, certificate_expires_at, enrolled_by_token, agent_version, protocol, platform)
    VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $4, $8, $9, $10)`,
};

export interface BeforeRow {
  readonly id: string;
  readonly pool_id: string;
  readonly certificate_serial: string;
}

export const lockAgentBefore: Statement = {
  name: 'agents.lock_before',
  text: `
    SELECT id, pool_id, certificate_serial FROM control.agents
     WHERE tenant_id = $1 AND id = $2 AND state <> 'revoked' AND $3 IN (certificate_serial, previous_serial) FOR UPDATE`,
};

/** No certificate of before is good any more. An agent that takes no work goes on taking none: a person resumes it. */
export const enrolAgain: Statement = {
  name: 'agents.enrol_again',
  text: `
    UPDATE control.agents
       SET enrolled_by_token = $4, enrolled_at = clock_timestamp(), encryption_jwk = $5, certificate_serial = $6, certificate_expires_at = $7, previous_serial = NULL,
           previous_expires_at = NULL, agent_version = $8, protocol = $9, platform = $10
     WHERE tenant_id = $1 AND id = $2 AND pool_id = $3`,
};

/**
 * The certificate that it was asked with goes on until its own end: where the answer is lost the agent has no other. No row where the agent was
 * revoked meanwhile, or has renewed twice since that one.
 */
export const renewCertificate: Statement = {
  name: 'agents.renew_certificate',
  text: `
    UPDATE control.agents SET previous_serial = $3, previous_expires_at = $4, certificate_serial = $5, certificate_expires_at = $6
     WHERE tenant_id = $1 AND id = $2 AND state <> 'revoked' AND $3 IN (certificate_serial, previous_serial)`,
};

export interface MovedRow {
  readonly workspace_id: string;
  readonly pool_id: string;
  readonly pool: string;
  readonly was_state: string;
}

const IN_WORKSPACE = 'p.tenant_id = a.tenant_id AND p.id = a.pool_id AND ($3::text IS NULL OR p.workspace_id = $3)';

/** Only from a state that leads there. */
export const changeState: Statement = {
  name: 'agents.change_state',
  text: `
    UPDATE control.agents a SET state = $5, state_reason = $6, state_by = $7, state_at = clock_timestamp() FROM control.agent_pools p
     WHERE a.tenant_id = $1 AND a.id = $2 AND a.state = ANY($4) AND ${IN_WORKSPACE}
    RETURNING p.workspace_id, p.id AS pool_id, p.name AS pool, a.previous_state AS was_state`,
};

export const findState: Statement = {
  name: 'agents.find_state',
  text: `SELECT a.state FROM control.agents a JOIN control.agent_pools p ON ${IN_WORKSPACE} WHERE a.tenant_id = $1 AND a.id = $2`,
};
