-- How long sessions of a tenant last is for the tenant to say, within bounds (decision record 0045).

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

ALTER TABLE control.session_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.session_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON control.session_limits TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON control.session_limits TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON control.session_limits TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));

GRANT SELECT, INSERT, UPDATE, DELETE ON control.session_limits TO countersign_control;

RESET ROLE;
