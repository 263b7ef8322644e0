import type { Statement } from '@countersign/platform/postgres/database.ts';

export interface SlackAppRow {
  readonly mode: 'http' | 'socket';
  readonly client_id: string;
  readonly api_url: string;
  readonly sealed: Buffer;
  /** A bigint, as text. */
  readonly revision: string;
  readonly configured_at: Date;
}

export const findApp: Statement = {
  name: 'slack.find_app',
  text: 'SELECT mode, client_id, api_url, sealed, revision, configured_at FROM control.slack_apps WHERE tenant_id = $1',
};

export const upsertApp: Statement = {
  name: 'slack.upsert_app',
  text: `
    -- a revision by the clock is later than every one before it, also where the app was removed in between
    INSERT INTO control.slack_apps AS a (tenant_id, mode, client_id, api_url, sealed, configured_by, revision)
    VALUES ($1, $2, $3, $4, $5, $6, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    ON CONFLICT (tenant_id) DO UPDATE SET mode = $2, client_id = $3, api_url = $4, sealed = $5, configured_by = $6,
      configured_at = clock_timestamp(), revision = greatest(a.revision + 1, EXCLUDED.revision)
    RETURNING mode, client_id, api_url, sealed, revision, configured_at`,
};

export const deleteApp: Statement = {
  name: 'slack.delete_app',
  text: 'DELETE FROM control.slack_apps WHERE tenant_id = $1',
};

export interface InstallationRow {
  readonly installation: string;
  readonly team_id: string | null;
  readonly enterprise_id: string | null;
  readonly name: string;
  readonly bot_id: string | null;
  readonly bot_user_id: string;
  readonly sealed: Buffer | null;
  readonly installed_at: Date;
  readonly revoked_at: Date | null;
}

const INSTALLATION = 'installation, team_id, enterprise_id, name, bot_id, bot_user_id, sealed, installed_at, revoked_at';

export const listInstallations: Statement = {
  name: 'slack.list_installations',
  text: `SELECT ${INSTALLATION} FROM control.slack_installations WHERE tenant_id = $1 ORDER BY installed_at, installation`,
};

/** Of an organisation-wide installation first, then of the team. Revoked ones are nobody's. */
export const findInstallation: Statement = {
  name: 'slack.find_installation',
  text: `SELECT ${INSTALLATION} FROM control.slack_installations WHERE tenant_id = $1 AND installation = $2 AND revoked_at IS NULL`,
};

export const upsertInstallation: Statement = {
  name: 'slack.upsert_installation',
  text: `
    INSERT INTO control.slack_installations (tenant_id, installation, team_id, enterprise_id, name, bot_id, bot_user_id, sealed, installed_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (tenant_id, installation) DO UPDATE SET team_id = $3, enterprise_id = $4, name = $5, bot_id = $6, bot_user_id = $7, sealed = $8,
      installed_by = $9, installed_at = clock_timestamp(), revoked_at = NULL, paused_until = NULL
    RETURNING ${INSTALLATION}`,
};

export const revokeInstallation: Statement = {
  name: 'slack.revoke_installation',
  text: 'UPDATE control.slack_installations SET sealed = NULL, revoked_at = clock_timestamp() WHERE tenant_id = $1 AND installation = $2 AND revoked_at IS NULL',
};

export interface ChannelRow {
  readonly environment: 'dev' | 'staging' | 'prod';
  readonly installation: string;
  readonly channel_id: string;
}

export const listChannels: Statement = {
  name: 'slack.list_channels',
  text: `
    SELECT e.name AS environment, c.installation, c.channel_id
      FROM control.slack_channels c JOIN control.environments e ON (e.tenant_id, e.id) = (c.tenant_id, c.environment_id)
     WHERE c.tenant_id = $1 AND e.workspace_id = $2
     ORDER BY e.ordinal, c.installation, c.channel_id`,
};

export const insertChannel: Statement = {
  name: 'slack.insert_channel',
  text: `
    INSERT INTO control.slack_channels (tenant_id, environment_id, installation, channel_id, configured_by)
    SELECT e.tenant_id, e.id, $4, $5, $6 FROM control.environments e WHERE e.tenant_id = $1 AND e.workspace_id = $2 AND e.name = $3
    ON CONFLICT DO NOTHING`,
};

export const deleteChannel: Statement = {
  name: 'slack.delete_channel',
  text: `
    DELETE FROM control.slack_channels c USING control.environments e
     WHERE (e.tenant_id, e.id) = (c.tenant_id, c.environment_id)
       AND c.tenant_id = $1 AND e.workspace_id = $2 AND e.name = $3 AND c.installation = $4 AND c.channel_id = $5`,
};

export const insertInstallState: Statement = {
  name: 'slack.insert_install_state',
  text: `INSERT INTO control.slack_install_states (tenant_id, state_sha256, session_id, expires_at)
         VALUES ($1, $2, $3, clock_timestamp() + interval '10 minutes')`,
};

export const useInstallState: Statement = {
  name: 'slack.use_install_state',
  text: `UPDATE control.slack_install_states SET used_at = clock_timestamp()
          WHERE tenant_id = $1 AND state_sha256 = $2 AND session_id = $3 AND used_at IS NULL AND expires_at > clock_timestamp()`,
};

/** Where events of the whole tenant are audited: its oldest workspace. */
export const oldestWorkspace: Statement = {
  name: 'slack.oldest_workspace',
  text: 'SELECT id FROM control.workspaces WHERE tenant_id = $1 ORDER BY created_at, id LIMIT 1',
};

/** True for the first to come with this signature. */
export const recordSignature: Statement = {
  name: 'slack.record_signature',
  text: 'INSERT INTO control.slack_replays (tenant_id, signature_sha256) VALUES ($1, $2) ON CONFLICT DO NOTHING',
};

export const forgetSignatures: Statement = {
  name: 'slack.forget_signatures',
  text: `DELETE FROM control.slack_replays WHERE tenant_id = $1 AND seen_at < clock_timestamp() - interval '10 minutes'`,
};

export const forgetStates: Statement = {
  name: 'slack.forget_states',
  text: `DELETE FROM control.slack_install_states WHERE tenant_id = $1 AND expires_at < clock_timestamp() - interval '1 day'`,
};

export const forgetLinkRequests: Statement = {
  name: 'slack.forget_link_requests',
  text: `DELETE FROM control.slack_link_requests WHERE tenant_id = $1 AND expires_at < clock_timestamp() - interval '1 day'`,
};
