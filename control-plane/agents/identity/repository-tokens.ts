import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface TokenRow {
  readonly id: string;
  readonly pool_id: string;
  readonly pool: string;
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly used_at: Date | null;
  readonly used_by_agent: string | null;
  readonly uses: number;
  readonly state: 'issued' | 'used' | 'reused' | 'expired' | 'revoked';
}

const COLUMNS = `t.id, t.pool_id, p.name AS pool, t.created_by, t.created_at, t.expires_at, t.used_at, t.used_by_agent, t.uses,
  CASE WHEN t.uses > 1 THEN 'reused' WHEN t.used_at IS NOT NULL THEN 'used' WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN t.expires_at <= clock_timestamp() THEN 'expired' ELSE 'issued' END AS state`;
const POOL_OF_TOKEN = 'p.tenant_id = t.tenant_id AND p.id = t.pool_id';
const IS_GOOD = 't.used_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp()';

/** Into a pool of the workspace that it is asked for in; no row where that has no such pool. */
export const insertToken: Statement = {
  name: 'agent_tokens.insert',
  text: `
    WITH t AS (
      INSERT INTO control.agent_enrolment_tokens (tenant_id, id, pool_id, secret_sha256, created_by, expires_at)
      SELECT p.tenant_id, $2, p.id, $5, $6, clock_timestamp() + make_interval(secs => $7) FROM control.agent_pools p WHERE p.tenant_id = $1 AND p.id = $3 AND p.workspace_id = $4
      RETURNING *
    )
    SELECT ${COLUMNS} FROM t JOIN control.agent_pools p ON ${POOL_OF_TOKEN}`,
};

export const listTokens: Statement = {
  name: 'agent_tokens.list',
  text: `
    SELECT ${COLUMNS} FROM control.agent_enrolment_tokens t JOIN control.agent_pools p ON ${POOL_OF_TOKEN}
     WHERE t.tenant_id = $1 AND p.workspace_id = $2 ORDER BY t.created_at DESC, t.id DESC LIMIT 200`,
};

/** One that was used enrolled an agent: that is what is to be revoked then. */
export const revokeToken: Statement = {
  name: 'agent_tokens.revoke',
  text: `
    UPDATE control.agent_enrolment_tokens t SET revoked_at = clock_timestamp() FROM control.agent_pools p
     WHERE ${POOL_OF_TOKEN} AND t.tenant_id = $1 AND t.id = $2 AND p.workspace_id = $3 AND ${IS_GOOD} RETURNING p.id AS pool_id, p.name AS pool`,
};

/** Where the token enrols an agent. */
export interface PlaceRow {
  readonly agent_id: string;
  readonly tenant_slug: string;
  readonly workspace_id: string;
  readonly workspace_slug: string;
  readonly environment_id: string;
  readonly environment_name: string;
  readonly pool_id: string;
  readonly pool: string;
}

/** By the agent $5 where that is in the pool $6, and else by the new one $4. Whoever is second waits for the first to commit, and then finds it used: of any number at once, one has a row. */
export const useToken: Statement = {
  name: 'agent_tokens.use',
  text: `
    UPDATE control.agent_enrolment_tokens t SET used_at = clock_timestamp(), used_by_agent = CASE WHEN t.pool_id = $6 THEN $5 ELSE $4 END, uses = 1
      FROM control.agent_pools p
      JOIN control.workspaces w ON w.tenant_id = p.tenant_id AND w.id = p.workspace_id
      JOIN control.environments e ON e.tenant_id = p.tenant_id AND e.id = p.environment_id
      JOIN control.tenant_directory d ON d.tenant_id = p.tenant_id
     WHERE ${POOL_OF_TOKEN} AND t.tenant_id = $1 AND t.id = $2 AND t.secret_sha256 = $3 AND ${IS_GOOD}
    RETURNING t.used_by_agent AS agent_id, d.slug AS tenant_slug, w.id AS workspace_id, w.slug AS workspace_slug, e.id AS environment_id, e.name AS environment_name, p.id AS pool_id, p.name AS pool`,
};

export interface ReuseRow {
  readonly agent_id: string;
  readonly uses: number;
  readonly workspace_id: string;
  readonly pool_id: string;
  readonly pool: string;
}

/** The right secret once more. */
export const countReuse: Statement = {
  name: 'agent_tokens.count_reuse',
  text: `
    UPDATE control.agent_enrolment_tokens t SET uses = t.uses + 1 FROM control.agent_pools p
     WHERE ${POOL_OF_TOKEN} AND t.tenant_id = $1 AND t.id = $2 AND t.secret_sha256 = $3 AND t.used_at IS NOT NULL
    RETURNING t.used_by_agent AS agent_id, t.uses, p.workspace_id, p.id AS pool_id, p.name AS pool`,
};
