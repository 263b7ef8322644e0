-- Impact replays: a policy is asked what was asked in a period of an environment, and what comes out otherwise is reported (decision record
-- 0025). The gate before a release reads them.
SET ROLE countersign_owner;

-- The state of a replay is all here, so that another process goes on with it where one stopped: `cursor_at` and `cursor_id` name the last
-- decision that was replayed, and move in the transaction that counts it.
CREATE TABLE control.policy_replays (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  workspace_id text NOT NULL,
  environment_id text NOT NULL,
  -- As it was asked for: a draft, a version, a release or what an environment had in force.
  against jsonb NOT NULL,
  -- By content: a gate asks for a replay of exactly what is to be released. Known before the replay is queued.
  stack_digest text NOT NULL,
  revision text NOT NULL,
  -- The compiled bundle (not signed) that is asked, in the object store.
  bundle_key text NOT NULL,
  decided_from timestamptz NOT NULL,
  decided_to timestamptz NOT NULL,
  reason text,
  state text NOT NULL DEFAULT 'queued' CONSTRAINT replay_state_is_known CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  total int,
  done int NOT NULL DEFAULT 0,
  progress double precision NOT NULL DEFAULT 0 CONSTRAINT progress_is_a_share CHECK (progress BETWEEN 0 AND 1),
  cursor_at timestamptz,
  cursor_id text,
  -- How many were replayed, and why others were not.
  counts jsonb NOT NULL DEFAULT '{}',
  report jsonb,
  error jsonb,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  -- Whoever holds the lease works on it; the fence grows with every claim, and who has an old one writes nothing.
  fence bigint NOT NULL DEFAULT 0,
  lease_until timestamptz,
  CONSTRAINT policy_replays_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT replay_has_a_period CHECK (decided_from < decided_to),
  CONSTRAINT replay_cursor_is_whole CHECK (num_nulls(cursor_at, cursor_id) IN (0, 2)),
  CONSTRAINT what_succeeded_has_a_report CHECK ((state = 'succeeded') = (report IS NOT NULL)),
  CONSTRAINT what_ended_has_a_time CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
  CONSTRAINT replay_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT replay_is_in_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments
);
CREATE INDEX policy_replays_by_time ON control.policy_replays (tenant_id, workspace_id, requested_at DESC, id DESC);
CREATE INDEX policy_replays_of_a_stack ON control.policy_replays (tenant_id, environment_id, stack_digest, finished_at DESC) WHERE state = 'succeeded';
CREATE UNIQUE INDEX one_replay_at_a_time ON control.policy_replays (tenant_id) WHERE state = 'running';

-- What came out otherwise, while the replay runs: the report is made of it, and then it is deleted.
CREATE TABLE control.policy_replay_changes (
  tenant_id text NOT NULL,
  replay_id text NOT NULL,
  decision_id text NOT NULL,
  run_id text NOT NULL,
  -- An action that comes back with its approval in hand is the same action: people are asked once.
  action_digest text NOT NULL,
  action text NOT NULL,
  workflow text,
  from_outcome text NOT NULL,
  to_outcome text NOT NULL,
  to_rule text NOT NULL,
  from_tier text,
  to_tier text,
  from_votes int NOT NULL,
  to_votes int NOT NULL,
  CONSTRAINT policy_replay_changes_pk PRIMARY KEY (tenant_id, replay_id, decision_id),
  CONSTRAINT change_is_of_a_replay FOREIGN KEY (tenant_id, replay_id) REFERENCES control.policy_replays
);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.policy_replays', 'control.policy_replay_changes']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT ON control.policy_replays TO countersign_control;
GRANT UPDATE (state, total, done, progress, cursor_at, cursor_id, counts, report, error, started_at, finished_at, fence, lease_until) ON control.policy_replays TO countersign_control;
GRANT SELECT, INSERT, DELETE ON control.policy_replay_changes TO countersign_control;

RESET ROLE;
