-- How long sessions of a tenant last is for the tenant to say, within bounds (decision record 0045); who broke the glass is said in
-- Slack; and OAuth clients may show who they are by keys.

SET ROLE countersign_owner;

CREATE TABLE control.session_limits (
  tenant_id text NOT NULL REFERENCES control.tenants,
  -- Unused for so long, or so old, a session has ended.
  idle_ms bigint NOT NULL CONSTRAINT idle_limit_is_within_bounds CHECK (idle_ms BETWEEN 300000 AND 86400000),
  absolute_ms bigint NOT NULL CONSTRAINT absolute_limit_is_within_bounds CHECK (absolute_ms BETWEEN 900000 AND 2592000000),
  version int NOT NULL DEFAULT 1,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT session_limits_pk PRIMARY KEY (tenant_id),
  CONSTRAINT idle_is_at_most_absolute CHECK (idle_ms <= absolute_ms)
);

COMMENT ON COLUMN control.sessions.address IS 'The network that the sign-in came from, /24 of IPv4 and /48 of IPv6: enough to see that it is a strange one, and nobody''s house.';

-- One message per grant and channel of its workspace: wanted, taken by one process at a time, posted. Twice is better than never.
CREATE TABLE control.break_glass_alarms (
  tenant_id text NOT NULL,
  grant_id text NOT NULL,
  installation text NOT NULL,
  channel_id text NOT NULL,
  wanted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts int NOT NULL DEFAULT 0,
  posted_at timestamptz,
  -- Why Slack did not take it the last time; for good where it was given up.
  error text,
  given_up_at timestamptz,
  CONSTRAINT break_glass_alarms_pk PRIMARY KEY (tenant_id, grant_id, installation, channel_id),
  CONSTRAINT alarm_is_of_a_break_glass FOREIGN KEY (tenant_id, grant_id) REFERENCES control.break_glass_grants,
  CONSTRAINT alarm_is_in_an_installation FOREIGN KEY (tenant_id, installation) REFERENCES control.slack_installations
);
CREATE INDEX break_glass_alarms_to_post ON control.break_glass_alarms (tenant_id, wanted_at) WHERE posted_at IS NULL AND given_up_at IS NULL;

-- What a client signs its assertions with (RFC 7523); one that has any has no secret.
CREATE TABLE control.oauth_client_keys (
  tenant_id text NOT NULL,
  client_id text NOT NULL,
  -- The thumbprint of RFC 7638.
  kid text NOT NULL,
  algorithm text NOT NULL CONSTRAINT client_key_algorithm_is_known CHECK (algorithm IN ('ES256', 'EdDSA', 'PS256')),
  public_jwk jsonb NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT oauth_client_keys_pk PRIMARY KEY (tenant_id, client_id, kid),
  CONSTRAINT key_is_of_a_client FOREIGN KEY (tenant_id, client_id) REFERENCES control.oauth_clients
);

CREATE TABLE control.oauth_assertion_replays (
  tenant_id text NOT NULL,
  client_id text NOT NULL,
  jti_sha256 text NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT oauth_assertion_replays_pk PRIMARY KEY (tenant_id, client_id, jti_sha256),
  CONSTRAINT assertion_is_of_a_client FOREIGN KEY (tenant_id, client_id) REFERENCES control.oauth_clients
);
CREATE INDEX oauth_assertion_replays_to_forget ON control.oauth_assertion_replays (tenant_id, expires_at);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.session_limits', 'control.break_glass_alarms', 'control.oauth_client_keys', 'control.oauth_assertion_replays']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON control.session_limits, control.break_glass_alarms, control.oauth_client_keys, control.oauth_assertion_replays TO countersign_control;

RESET ROLE;
