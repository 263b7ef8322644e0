-- Approvals in Slack: a tenant's Slack app, the workspaces it is installed in, who is who there, and the cards that were posted.
-- `installation` is what Slack keys an installation by: the enterprise (E...) where it covers an organisation, else the team (T...).

SET ROLE countersign_owner;

-- `sealed`: {client_secret, signing_secret, app_token} under the tenant's key. `revision` tells running processes to take it up anew.
CREATE TABLE control.slack_apps (
  tenant_id text NOT NULL CONSTRAINT slack_apps_pk PRIMARY KEY REFERENCES control.tenants,
  mode text NOT NULL CONSTRAINT slack_mode_is_known CHECK (mode IN ('http', 'socket')),
  client_id text NOT NULL,
  api_url text NOT NULL,
  sealed bytea NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  configured_by text NOT NULL,
  configured_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- `sealed`: {bot_token}. It is wiped when Slack says that the app was removed or its tokens were revoked, or an admin removes it here.
CREATE TABLE control.slack_installations (
  tenant_id text NOT NULL REFERENCES control.tenants,
  installation text NOT NULL,
  team_id text,
  enterprise_id text,
  name text NOT NULL,
  bot_id text,
  bot_user_id text NOT NULL,
  sealed bytea,
  installed_by text NOT NULL,
  installed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz,
  -- Slack asked for silence until then (429 with Retry-After).
  paused_until timestamptz,
  CONSTRAINT slack_installations_pk PRIMARY KEY (tenant_id, installation),
  CONSTRAINT installation_is_of_a_team_or_an_enterprise CHECK (installation = coalesce(team_id, enterprise_id) OR installation = enterprise_id),
  CONSTRAINT revoked_installation_has_no_token CHECK ((sealed IS NULL) = (revoked_at IS NOT NULL))
);

-- Where the approvals of an environment are shown.
CREATE TABLE control.slack_channels (
  tenant_id text NOT NULL,
  environment_id text NOT NULL,
  installation text NOT NULL,
  channel_id text NOT NULL,
  configured_by text NOT NULL,
  configured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT slack_channels_pk PRIMARY KEY (tenant_id, environment_id, installation, channel_id),
  CONSTRAINT channel_is_of_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments,
  CONSTRAINT channel_is_in_an_installation FOREIGN KEY (tenant_id, installation) REFERENCES control.slack_installations
);

-- One message per second and channel, whichever process posts.
CREATE TABLE control.slack_pace (
  tenant_id text NOT NULL REFERENCES control.tenants,
  installation text NOT NULL,
  channel_id text NOT NULL,
  next_post_at timestamptz NOT NULL,
  CONSTRAINT slack_pace_pk PRIMARY KEY (tenant_id, installation, channel_id)
);

-- Which principal a Slack user is. Made by the principal, signed in here, with a one-time link that only this Slack user was shown.
CREATE TABLE control.slack_links (
  tenant_id text NOT NULL,
  installation text NOT NULL,
  slack_user text NOT NULL,
  slack_name text NOT NULL,
  principal_id text NOT NULL,
  linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- App Home: since when it is kept up to date, and what was published last.
  home_opened_at timestamptz,
  home_shown text,
  CONSTRAINT slack_links_pk PRIMARY KEY (tenant_id, installation, slack_user),
  CONSTRAINT slack_link_is_to_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals,
  CONSTRAINT slack_link_is_in_an_installation FOREIGN KEY (tenant_id, installation) REFERENCES control.slack_installations
);

-- The nonce itself is never stored.
CREATE TABLE control.slack_link_requests (
  tenant_id text NOT NULL,
  nonce_sha256 text NOT NULL,
  installation text NOT NULL,
  slack_user text NOT NULL,
  slack_name text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT slack_link_requests_pk PRIMARY KEY (tenant_id, nonce_sha256),
  CONSTRAINT link_request_is_in_an_installation FOREIGN KEY (tenant_id, installation) REFERENCES control.slack_installations
);

-- OAuth states: good once, for ten minutes, for the session that began.
CREATE TABLE control.slack_install_states (
  tenant_id text NOT NULL REFERENCES control.tenants,
  state_sha256 text NOT NULL,
  session_id text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT slack_install_states_pk PRIMARY KEY (tenant_id, state_sha256)
);

-- One card per approval and channel. `shown` names the state that the card shows; where it is not the approval's, the card is updated.
CREATE TABLE control.slack_cards (
  tenant_id text NOT NULL,
  approval_id text NOT NULL,
  installation text NOT NULL,
  channel_id text NOT NULL,
  message_ts text,
  shown text,
  -- A post is under way since then; while this is set nobody knows whether the message arrived.
  posting_since timestamptz,
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  error text,
  -- The thread under the card was told how it ended.
  outcome_told_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT slack_cards_pk PRIMARY KEY (tenant_id, approval_id, installation, channel_id),
  CONSTRAINT card_is_of_an_approval FOREIGN KEY (tenant_id, approval_id) REFERENCES control.approvals,
  CONSTRAINT card_is_in_an_installation FOREIGN KEY (tenant_id, installation) REFERENCES control.slack_installations
);
CREATE INDEX slack_cards_open ON control.slack_cards (tenant_id, created_at) WHERE outcome_told_at IS NULL;

-- Signatures of requests seen, kept for twice the window in which one is accepted.
CREATE TABLE control.slack_replays (
  tenant_id text NOT NULL REFERENCES control.tenants,
  signature_sha256 text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT slack_replays_pk PRIMARY KEY (tenant_id, signature_sha256)
);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['slack_apps', 'slack_installations', 'slack_channels', 'slack_pace', 'slack_links', 'slack_link_requests', 'slack_install_states', 'slack_cards', 'slack_replays'] LOOP
    EXECUTE format('ALTER TABLE control.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE control.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant_of_control ON control.%I TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', name);
    EXECUTE format('CREATE POLICY tenants_of_execution ON control.%I TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', name);
    EXECUTE format('CREATE POLICY tenants_of_owner ON control.%I TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', name);
  END LOOP;
END
$$;

-- The execution plane has no part in this: nothing is granted to it.
GRANT SELECT, INSERT, UPDATE ON control.slack_apps, control.slack_installations, control.slack_channels, control.slack_pace, control.slack_links,
  control.slack_link_requests, control.slack_install_states, control.slack_cards, control.slack_replays TO countersign_control;
GRANT DELETE ON control.slack_apps, control.slack_channels, control.slack_links, control.slack_link_requests, control.slack_install_states,
  control.slack_replays TO countersign_control;

RESET ROLE;
