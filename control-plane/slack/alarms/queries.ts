import type { Statement } from '@countersign/platform/postgres/database.ts';

/** One for each grant of the last day and each channel that shows approvals of its workspace. Of grants that are over, too: what was done is to be looked at. */
export const wantAlarms: Statement = {
  name: 'slack.want_alarms',
  text: `
    INSERT INTO control.break_glass_alarms (tenant_id, grant_id, installation, channel_id)
    SELECT DISTINCT g.tenant_id, g.id, c.installation, c.channel_id
      FROM control.break_glass_grants g
      JOIN control.environments e ON (e.tenant_id, e.workspace_id) = (g.tenant_id, g.workspace_id)
      JOIN control.slack_channels c ON (c.tenant_id, c.environment_id) = (e.tenant_id, e.id)
      JOIN control.slack_installations i ON (i.tenant_id, i.installation) = (c.tenant_id, c.installation) AND i.revoked_at IS NULL
     WHERE g.tenant_id = $1 AND g.activated_at > clock_timestamp() - interval '1 day' AND c.configured_at <= g.activated_at
       AND NOT EXISTS (SELECT FROM control.break_glass_alarms a WHERE (a.tenant_id, a.grant_id, a.installation, a.channel_id) = (g.tenant_id, g.id, c.installation, c.channel_id))
    ON CONFLICT ON CONSTRAINT break_glass_alarms_pk DO NOTHING`,
};

export interface AlarmRow {
  readonly grant_id: string;
  readonly installation: string;
  readonly channel_id: string;
  readonly attempts: number;
  readonly display_name: string;
  readonly role: string;
  readonly workspace_name: string;
  readonly activated_at: Date;
  readonly ends_at: Date;
}

export const alarmsToPost: Statement = {
  name: 'slack.alarms_to_post',
  text: `
    SELECT a.grant_id, a.installation, a.channel_id, a.attempts, p.display_name, g.role, w.name AS workspace_name, g.activated_at, g.ends_at
      FROM control.break_glass_alarms a
      JOIN control.slack_installations i ON (i.tenant_id, i.installation) = (a.tenant_id, a.installation) AND i.revoked_at IS NULL AND (i.paused_until IS NULL OR i.paused_until <= clock_timestamp())
      JOIN control.break_glass_grants g ON (g.tenant_id, g.id) = (a.tenant_id, a.grant_id)
      JOIN control.principals p ON (p.tenant_id, p.id) = (g.tenant_id, g.principal_id)
      JOIN control.workspaces w ON (w.tenant_id, w.id) = (g.tenant_id, g.workspace_id)
     WHERE a.tenant_id = $1 AND a.posted_at IS NULL AND a.given_up_at IS NULL AND a.next_attempt_at <= clock_timestamp()
     ORDER BY a.wanted_at, a.grant_id LIMIT 20`,
};

/** Takes an alarm for a minute: whoever dies meanwhile leaves it to the next. 0 rows: somebody else has it. */
export const takeAlarm: Statement = {
  name: 'slack.take_alarm',
  text: `UPDATE control.break_glass_alarms SET next_attempt_at = clock_timestamp() + interval '1 minute', attempts = attempts + 1
          WHERE tenant_id = $1 AND grant_id = $2 AND installation = $3 AND channel_id = $4 AND posted_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= clock_timestamp()`,
};

export const alarmPosted: Statement = {
  name: 'slack.alarm_posted',
  text: `UPDATE control.break_glass_alarms SET posted_at = clock_timestamp(), error = NULL WHERE tenant_id = $1 AND grant_id = $2 AND installation = $3 AND channel_id = $4`,
};

/** $6: seconds until it is tried again; null: Slack will say the same tomorrow. */
export const alarmFailed: Statement = {
  name: 'slack.alarm_failed',
  text: `UPDATE control.break_glass_alarms SET error = $5, next_attempt_at = clock_timestamp() + make_interval(secs => coalesce($6::float8, 0)), given_up_at = CASE WHEN $6::float8 IS NULL THEN clock_timestamp() END
          WHERE tenant_id = $1 AND grant_id = $2 AND installation = $3 AND channel_id = $4`,
};
