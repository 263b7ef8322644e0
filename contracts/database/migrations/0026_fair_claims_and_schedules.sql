-- Fair claims between tenants and workspaces, priorities, limits on how many runs are under way, and schedules (decision record 0028).

SET ROLE countersign_owner;

-- How large a share of the workers it gets while others wait too: 2 gets twice as much as 1.
ALTER TABLE control.tenants ADD COLUMN weight int NOT NULL DEFAULT 1 CONSTRAINT tenant_weight_is_in_bounds CHECK (weight BETWEEN 1 AND 1000);
ALTER TABLE control.workspaces ADD COLUMN weight int NOT NULL DEFAULT 1 CONSTRAINT workspace_weight_is_in_bounds CHECK (weight BETWEEN 1 AND 1000);

ALTER TABLE execution.runs
  -- 1 high, 2 normal, 3 low: within a workspace.
  ADD COLUMN priority smallint NOT NULL DEFAULT 2 CONSTRAINT run_priority_is_known CHECK (priority BETWEEN 1 AND 3),
  -- Null: its workflow has a limit and it waits for its turn; none of its steps is claimed.
  ADD COLUMN admitted_at timestamptz DEFAULT clock_timestamp(),
  -- What its limits count by: digests, because keys are made of what the trigger says. Empty: there is no such limit.
  ADD COLUMN concurrency_key text NOT NULL DEFAULT '',
  ADD COLUMN rate_key text NOT NULL DEFAULT '';

CREATE INDEX runs_to_admit ON execution.runs (tenant_id, environment_id, workflow_id, concurrency_key, priority, created_at, id)
  WHERE admitted_at IS NULL AND state IN ('queued', 'running', 'waiting');
CREATE INDEX runs_under_way_by_key ON execution.runs (tenant_id, concurrency_key)
  WHERE concurrency_key <> '' AND admitted_at IS NOT NULL AND state NOT IN ('succeeded', 'failed', 'cancelled');
CREATE INDEX runs_admitted_by_rate ON execution.runs (tenant_id, rate_key, admitted_at) WHERE rate_key <> '' AND admitted_at IS NOT NULL;

ALTER TABLE execution.steps
  ADD COLUMN workspace_id text,
  ADD COLUMN priority smallint,
  -- Its run is not admitted: it is not there for claims.
  ADD COLUMN held boolean NOT NULL DEFAULT false;
UPDATE execution.steps s SET workspace_id = r.workspace_id, priority = r.priority FROM execution.runs r WHERE (r.tenant_id, r.id) = (s.tenant_id, s.run_id);
ALTER TABLE execution.steps
  ALTER COLUMN workspace_id SET NOT NULL, ALTER COLUMN priority SET NOT NULL,
  ADD CONSTRAINT step_priority_is_known CHECK (priority BETWEEN 1 AND 3);

-- Who inserts a step says where it belongs; where it does not, its run does.
CREATE FUNCTION app.place_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT r.workspace_id, coalesce(NEW.priority, r.priority), NEW.held OR r.admitted_at IS NULL INTO NEW.workspace_id, NEW.priority, NEW.held
    FROM execution.runs r WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.run_id;
  RETURN NEW;
END
$$;
CREATE TRIGGER steps_are_placed BEFORE INSERT ON execution.steps FOR EACH ROW WHEN (NEW.workspace_id IS NULL OR NEW.priority IS NULL) EXECUTE FUNCTION app.place_step();

-- A run with a limit that is redriven waits for its turn again.
CREATE FUNCTION app.readmit_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.admitted_at := NULL;
  RETURN NEW;
END
$$;
CREATE FUNCTION app.hold_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE execution.steps SET held = true WHERE tenant_id = NEW.tenant_id AND run_id = NEW.id AND NOT held;
  RETURN NULL;
END
$$;
CREATE TRIGGER runs_redriven_wait_for_their_turn BEFORE UPDATE OF state ON execution.runs FOR EACH ROW
  WHEN (OLD.state = 'failed' AND NEW.state = 'running' AND (NEW.concurrency_key <> '' OR NEW.rate_key <> '')) EXECUTE FUNCTION app.readmit_run();
CREATE TRIGGER runs_that_wait_hold_their_steps AFTER UPDATE OF state, admitted_at ON execution.runs FOR EACH ROW
  WHEN (OLD.admitted_at IS NOT NULL AND NEW.admitted_at IS NULL) EXECUTE FUNCTION app.hold_steps();

-- One queue per workspace and priority, in one index: a claim reads the first of each. Finished work is not in it.
DROP INDEX execution.steps_claimable;
CREATE INDEX steps_claimable ON execution.steps (tenant_id, workspace_id, priority, available_at, id) WHERE state IN ('ready', 'retrying', 'uncertain') AND NOT held;

-- Deliveries: order within a subject, and how often one was tried by itself.
ALTER TABLE execution.deliveries
  ADD COLUMN attempts int NOT NULL DEFAULT 0,
  DROP CONSTRAINT source_is_known,
  ADD CONSTRAINT source_is_known CHECK (source IN ('webhook', 'reconciler', 'manual', 'schedule'));
DROP INDEX execution.deliveries_to_handle;
CREATE INDEX deliveries_to_handle ON execution.deliveries (tenant_id, received_at, id) WHERE state = 'accepted';
CREATE INDEX deliveries_of_a_subject ON execution.deliveries (tenant_id, instance_id, subject, received_at, id) WHERE state = 'accepted';

-- A workflow that runs by the clock in an environment: whether a person has paused it. When it is due stands in its version.
CREATE TABLE control.schedules (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workflow_id text NOT NULL,
  environment_id text NOT NULL,
  -- Nothing before it is caught up: from when the version was activated, or the schedule resumed.
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  paused_at timestamptz,
  paused_by text,
  pause_reason text,
  CONSTRAINT schedules_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT one_schedule_per_workflow_and_environment UNIQUE (tenant_id, workflow_id, environment_id),
  CONSTRAINT schedule_is_of_an_activation FOREIGN KEY (tenant_id, workflow_id, environment_id) REFERENCES control.workflow_activations,
  CONSTRAINT a_pause_of_a_schedule_says_who_and_why CHECK (num_nulls(paused_at, paused_by, pause_reason) IN (0, 3))
);

-- How far a schedule has been followed.
CREATE TABLE execution.schedule_progress (
  tenant_id text NOT NULL,
  schedule_id text NOT NULL,
  -- Everything due until then has become a delivery, or was left out by the policy of catching up.
  handled_until timestamptz NOT NULL,
  last_due_at timestamptz,
  last_delivery_id text,
  -- Due times left out right before the last one, or since.
  skipped int NOT NULL DEFAULT 0,
  CONSTRAINT schedule_progress_pk PRIMARY KEY (tenant_id, schedule_id)
);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.schedules', 'execution.schedule_progress']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON control.schedules TO countersign_control;
GRANT SELECT ON control.schedules TO countersign_execution;
GRANT SELECT, INSERT, UPDATE ON execution.schedule_progress TO countersign_execution;
GRANT SELECT ON execution.schedule_progress TO countersign_control;
-- A run that is to make room for a newer one is cancelled like any other.
GRANT INSERT ON execution.commands TO countersign_execution;

RESET ROLE;
