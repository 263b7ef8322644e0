-- What operators look at: figures of the workers over the last hours, and searches that people keep (decision record 0032).

SET ROLE countersign_owner;

-- What a worker has done since it last wrote, by environment and workflow: the same observations that its /metrics counts. A row is
-- written every ten seconds where something happened, and kept for some hours; longer history is for Prometheus.
-- The arrays are histograms: how many fell into each bucket of platform/telemetry/buckets.ts, the last beyond all bounds.
CREATE TABLE execution.figures (
  tenant_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  worker text NOT NULL,
  environment_id text NOT NULL,
  workflow_name text NOT NULL,
  runs_started int NOT NULL,
  runs_succeeded int NOT NULL,
  runs_failed int NOT NULL,
  runs_cancelled int NOT NULL,
  steps_claimed int NOT NULL,
  steps_succeeded int NOT NULL,
  steps_failed int NOT NULL,
  steps_retried int NOT NULL,
  steps_dead int NOT NULL,
  -- By outcome.
  decisions jsonb NOT NULL,
  queue_wait int[] NOT NULL,
  step_duration int[] NOT NULL,
  run_duration int[] NOT NULL,
  CONSTRAINT figures_pk PRIMARY KEY (tenant_id, at, worker, environment_id, workflow_name)
);

-- A search under a name: its owner's, or shown to everybody in the workspace.
CREATE TABLE control.saved_views (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  owner_id text NOT NULL,
  name text NOT NULL,
  filters jsonb NOT NULL,
  shared boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT saved_views_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT view_name_is_unique_for_its_owner UNIQUE (tenant_id, workspace_id, owner_id, name),
  CONSTRAINT view_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT view_is_of_a_principal FOREIGN KEY (tenant_id, owner_id) REFERENCES control.principals
);

-- Depth by queue is counted in the index alone; it is as large as the index that it replaces.
DROP INDEX execution.runs_open;
CREATE INDEX runs_open ON execution.runs (tenant_id, workspace_id, environment_id, workflow_name, workflow_id, state) WHERE state NOT IN ('succeeded', 'failed', 'cancelled');
-- What operators search for among a million that went well. None of these is written by a run that does.
CREATE INDEX runs_ended_badly ON execution.runs (tenant_id, workspace_id, created_at DESC, id DESC) WHERE state IN ('failed', 'cancelled');
CREATE INDEX runs_paused ON execution.runs (tenant_id, workspace_id, created_at DESC, id DESC) WHERE paused_at IS NOT NULL;
CREATE INDEX steps_in_trouble ON execution.steps (tenant_id, run_id) WHERE state IN ('dead', 'uncertain');

-- A worker that was asked to stop says so until it is gone.
ALTER TABLE execution.workers ADD COLUMN draining_since timestamptz;

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['execution.figures', 'control.saved_views']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, DELETE ON execution.figures TO countersign_execution;
GRANT SELECT ON execution.figures TO countersign_control;
GRANT SELECT, INSERT, UPDATE, DELETE ON control.saved_views TO countersign_control;

RESET ROLE;
