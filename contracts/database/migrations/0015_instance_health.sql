-- What the workers know together about each instance: whether it is down (circuit breaker), and how much of it we may use (rate limits).
-- Healthy instances have no row until a peer teaches a limit or fails.

SET ROLE countersign_owner;

CREATE TABLE execution.instance_health (
  tenant_id text NOT NULL,
  instance_id text NOT NULL,
  circuit text NOT NULL DEFAULT 'closed' CONSTRAINT circuit_is_known CHECK (circuit IN ('closed', 'open', 'half_open')),
  -- What it was before the last report: tells the one worker that changed it.
  previous_circuit text NOT NULL DEFAULT 'closed',
  -- Failures in a row; one that is older than the window does not count.
  failures int NOT NULL DEFAULT 0,
  last_failure_at timestamptz,
  last_failure_code text,
  -- How often the circuit has opened without a success in between: each time it stays open for longer.
  openings int NOT NULL DEFAULT 0,
  opened_at timestamptz,
  -- From when on one call may try whether the instance is back.
  probe_at timestamptz,
  -- Until when the worker that tries has the right to; a worker that dies while it tries makes room for another.
  probe_until timestamptz,
  -- The peer asked for silence until then (429 with Retry-After).
  blocked_until timestamptz,
  -- Requests in the current window, and how many the peer or the manifest bears.
  window_limit int,
  window_count int NOT NULL DEFAULT 0,
  window_ends_at timestamptz,
  window_source text CONSTRAINT window_source_is_known CHECK (window_source IN ('manifest', 'peer')),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT instance_health_pk PRIMARY KEY (tenant_id, instance_id)
);

ALTER TABLE execution.instance_health ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution.instance_health FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON execution.instance_health TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON execution.instance_health TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON execution.instance_health TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
GRANT SELECT ON execution.instance_health TO countersign_control;
GRANT SELECT, INSERT, UPDATE ON execution.instance_health TO countersign_execution;

RESET ROLE;
