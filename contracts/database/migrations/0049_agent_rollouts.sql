-- Releases of the agent that a pool is given, in stages: first to few, then to more; it stops by itself at the first that is not well.

SET ROLE countersign_owner;

ALTER TABLE control.signing_keys
  DROP CONSTRAINT signing_purpose_is_known,
  ADD CONSTRAINT signing_purpose_is_known CHECK (purpose IN ('policy_bundle', 'checkpoint', 'evidence', 'webhook', 'work_order', 'agent_release'));

CREATE TABLE control.agent_rollout_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT agent_rollout_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);

CREATE TABLE control.agent_rollouts (
  tenant_id text NOT NULL,
  id text NOT NULL,
  pool_id text NOT NULL,
  -- As its signature says.
  agent_version text NOT NULL,
  platform text NOT NULL,
  sha256 text NOT NULL,
  size_bytes bigint NOT NULL,
  signature jsonb NOT NULL,
  -- Percent of the pool's agents, rising; the stage that it is at, counted from 0, and for how long each lasts at least.
  shares jsonb NOT NULL,
  stage int NOT NULL DEFAULT 0,
  stage_began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  stage_min_s int NOT NULL CONSTRAINT stages_last_a_while CHECK (stage_min_s BETWEEN 0 AND 604800),
  state text NOT NULL DEFAULT 'running',
  previous_state text NOT NULL DEFAULT 'new',
  -- Why it was halted, and by which agent where it was one.
  halt_code text,
  halted_by text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  CONSTRAINT agent_rollouts_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT rollout_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES control.agent_rollout_legal_transitions,
  CONSTRAINT rollout_is_of_a_pool FOREIGN KEY (tenant_id, pool_id) REFERENCES control.agent_pools ON DELETE CASCADE
);
CREATE TRIGGER agent_rollouts_remember_where_they_came_from BEFORE INSERT OR UPDATE ON control.agent_rollouts FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();
-- Two at a time would take agents from one another.
CREATE UNIQUE INDEX one_unfinished_rollout_of_a_pool_and_platform ON control.agent_rollouts (tenant_id, pool_id, platform) WHERE state <> 'done';

-- Who is offered the release of a rollout, and how far each has come.
CREATE TABLE control.agent_rollout_agents (
  tenant_id text NOT NULL,
  rollout_id text NOT NULL,
  agent_id text NOT NULL,
  state text NOT NULL CONSTRAINT progress_is_known CHECK (state IN ('offered', 'fetching', 'waiting', 'probation', 'well', 'failed')),
  code text,
  offered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When it came to be in its state.
  state_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT agent_rollout_agents_pk PRIMARY KEY (tenant_id, rollout_id, agent_id),
  CONSTRAINT progress_is_of_a_rollout FOREIGN KEY (tenant_id, rollout_id) REFERENCES control.agent_rollouts ON DELETE CASCADE,
  CONSTRAINT progress_is_of_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES control.agents
);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.agent_rollouts', 'control.agent_rollout_agents']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON control.agent_rollouts, control.agent_rollout_agents TO countersign_control;
GRANT SELECT ON control.agent_rollout_legal_transitions TO countersign_control, countersign_execution;

RESET ROLE;
