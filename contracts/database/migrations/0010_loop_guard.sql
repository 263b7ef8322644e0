-- Records that went round between our writes and another automation's, and until when no run is started for them (decision record 0015).

SET ROLE countersign_owner;

CREATE TABLE execution.loop_guards (
  tenant_id text NOT NULL,
  instance_id text NOT NULL,
  subject text NOT NULL,
  -- The event that was one too many, and how many had started runs in the minute before it.
  delivery_id text NOT NULL,
  starts int NOT NULL,
  tripped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  stopped_until timestamptz NOT NULL,
  CONSTRAINT loop_guards_pk PRIMARY KEY (tenant_id, instance_id, subject),
  CONSTRAINT loop_guard_was_tripped_by_a_delivery FOREIGN KEY (tenant_id, delivery_id) REFERENCES execution.deliveries
);

ALTER TABLE execution.loop_guards ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution.loop_guards FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON execution.loop_guards TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON execution.loop_guards TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON execution.loop_guards TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
GRANT SELECT ON execution.loop_guards TO countersign_control;
GRANT SELECT, INSERT, UPDATE ON execution.loop_guards TO countersign_execution;

-- How often one record started runs of late.
CREATE INDEX runs_of_a_subject ON execution.runs (tenant_id, subject, created_at) WHERE subject IS NOT NULL;

RESET ROLE;
