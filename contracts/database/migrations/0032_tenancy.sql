-- Tenants by API: what state a tenant is in, what it may use at most, and where requests are counted (decision record 0033).

SET ROLE countersign_owner;

ALTER TABLE control.tenant_directory
  ADD COLUMN state text NOT NULL DEFAULT 'active'
    CONSTRAINT tenant_state_is_known CHECK (state IN ('active', 'suspended', 'moving', 'moved', 'deleting', 'deleted')),
  ADD COLUMN state_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The cell that a tenant went to.
  ADD COLUMN moved_to text,
  ADD CONSTRAINT what_is_moved_says_where_to CHECK ((state = 'moved') = (moved_to IS NOT NULL));

-- One version of all quotas of a tenant: who changes one saw the others.
ALTER TABLE control.tenants
  ADD COLUMN limits_version int NOT NULL DEFAULT 0,
  ADD COLUMN limits_set_by text,
  ADD COLUMN limits_set_at timestamptz;

-- Since when nobody works in it any more: no request acts in it, and nothing in it may be active.
ALTER TABLE control.workspaces ADD COLUMN archived_at timestamptz;

-- What a tenant, or one of its workspaces, may have or use at most. The operator of the cell sets the ceiling, the tenant what it allows itself
-- below it; whichever is lower holds. No row: the default of the cell.
CREATE TABLE control.quotas (
  tenant_id text NOT NULL REFERENCES control.tenants,
  set_for text NOT NULL CONSTRAINT quota_is_of_the_cell_or_the_tenant CHECK (set_for IN ('cell', 'tenant')),
  -- '': the tenant as a whole.
  workspace_id text NOT NULL DEFAULT '',
  name text NOT NULL CONSTRAINT quota_name_is_known CHECK (name IN
    ('workspaces', 'principals', 'api_keys', 'workflows', 'runs_per_day', 'active_runs', 'requests_per_minute', 'requests_per_minute_per_key')),
  max_value bigint NOT NULL CONSTRAINT quota_is_a_count CHECK (max_value >= 0),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT quotas_pk PRIMARY KEY (tenant_id, set_for, workspace_id, name),
  CONSTRAINT the_cell_limits_tenants_as_a_whole CHECK (set_for = 'tenant' OR workspace_id = ''),
  CONSTRAINT a_workspace_is_limited_in_what_it_does CHECK (workspace_id = '' OR name IN ('runs_per_day', 'active_runs', 'requests_per_minute'))
);

-- Points that were taken, by the SHA-256 of what they are counted for: no name and no id of a tenant is in here, so it is nobody's and has no
-- row-level security. The shape is RateLimiterPostgres' own (it inserts by position). UNLOGGED: after a crash everybody begins anew.
CREATE UNLOGGED TABLE control.rate_counters (
  key text CONSTRAINT rate_counters_pk PRIMARY KEY,
  points int NOT NULL DEFAULT 0,
  -- Milliseconds since 1970 by the clock of the process that counts.
  expire bigint
) WITH (fillfactor = 50);
CREATE INDEX rate_counters_to_forget ON control.rate_counters (expire);

ALTER TABLE control.quotas ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.quotas FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON control.quotas TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON control.quotas TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON control.quotas TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));

GRANT SELECT, INSERT, UPDATE, DELETE ON control.quotas TO countersign_control;
GRANT SELECT ON control.quotas TO countersign_execution;
GRANT SELECT, INSERT, UPDATE, DELETE ON control.rate_counters TO countersign_control;

RESET ROLE;
