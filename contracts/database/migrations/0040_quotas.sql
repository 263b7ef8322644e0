-- What a tenant keeps has a quota, too, and is counted in the background: adding up each content with every run would cost more than the run
-- (decision record 0045).

SET ROLE countersign_owner;

ALTER TABLE control.quotas
  DROP CONSTRAINT quota_name_is_known,
  ADD CONSTRAINT quota_name_is_known CHECK (name IN
    ('workspaces', 'principals', 'api_keys', 'workflows', 'runs_per_day', 'active_runs', 'stored_bytes', 'requests_per_minute', 'requests_per_minute_per_key'));

-- What was kept when it was counted last: contents that are not shredded, evidence, and packages of evidence. Counted while there is a quota.
CREATE TABLE control.stored_bytes (
  tenant_id text NOT NULL REFERENCES control.tenants,
  bytes bigint NOT NULL CONSTRAINT stored_bytes_are_a_count CHECK (bytes >= 0),
  counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT stored_bytes_pk PRIMARY KEY (tenant_id)
);

ALTER TABLE control.stored_bytes ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.stored_bytes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON control.stored_bytes TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON control.stored_bytes TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON control.stored_bytes TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));

GRANT SELECT, INSERT, UPDATE, DELETE ON control.stored_bytes TO countersign_control;
GRANT SELECT ON control.stored_bytes TO countersign_execution;

RESET ROLE;
