-- Agents: pools of them, who is enrolled and how each was last seen, what they have delivered; the orders that they are given, and what became of these
-- (decision record 0048). The control plane writes control.*, the worker execution.*: each reads the other's.

SET ROLE countersign_owner;

-- Agents of one environment that can do the same work.
CREATE TABLE control.agent_pools (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  environment_id text NOT NULL,
  name text NOT NULL CONSTRAINT pool_name_is_a_name CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
  -- For how long an order of it may begin: what an agent holds in an outage goes on until then.
  order_valid_ms int NOT NULL DEFAULT 60000 CONSTRAINT orders_are_short CHECK (order_valid_ms BETWEEN 5000 AND 900000),
  version int NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT agent_pools_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT pool_name_is_unique_in_its_environment UNIQUE (tenant_id, environment_id, name),
  CONSTRAINT pool_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT pool_is_in_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments
);

CREATE TABLE control.agent_enrolment_tokens (
  tenant_id text NOT NULL,
  id text NOT NULL,
  pool_id text NOT NULL,
  secret_sha256 text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  used_by_agent text,
  -- Of the right secret, the first included: from the second on somebody else has had it.
  uses int NOT NULL DEFAULT 0,
  revoked_at timestamptz,
  CONSTRAINT agent_enrolment_tokens_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT token_enrols_into_a_pool FOREIGN KEY (tenant_id, pool_id) REFERENCES control.agent_pools,
  CONSTRAINT a_used_token_names_its_agent CHECK ((used_at IS NULL) = (used_by_agent IS NULL))
);
CREATE INDEX tokens_of_a_pool ON control.agent_enrolment_tokens (tenant_id, pool_id, created_at DESC);

CREATE TABLE control.agent_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT agent_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);

CREATE TABLE control.agents (
  tenant_id text NOT NULL,
  id text NOT NULL,
  pool_id text NOT NULL,
  state text NOT NULL,
  previous_state text NOT NULL DEFAULT 'new',
  -- Why and by whom it came to be in its state; the words are in the audit by their digest.
  state_reason text,
  state_by text NOT NULL,
  state_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- To which parameters of its orders are encrypted.
  encryption_jwk jsonb NOT NULL,
  -- Hex. The one before holds until its own end, so that a renewal whose answer is lost locks nobody out.
  certificate_serial text NOT NULL,
  certificate_expires_at timestamptz NOT NULL,
  previous_serial text,
  previous_expires_at timestamptz,
  enrolled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  enrolled_by_token text NOT NULL,
  agent_version text NOT NULL,
  protocol int NOT NULL,
  platform text NOT NULL,
  CONSTRAINT agents_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT agent_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES control.agent_legal_transitions,
  CONSTRAINT agent_is_in_a_pool FOREIGN KEY (tenant_id, pool_id) REFERENCES control.agent_pools,
  CONSTRAINT agent_came_by_a_token FOREIGN KEY (tenant_id, enrolled_by_token) REFERENCES control.agent_enrolment_tokens,
  CONSTRAINT a_previous_certificate_ends CHECK ((previous_serial IS NULL) = (previous_expires_at IS NULL))
);
CREATE TRIGGER agents_remember_where_they_came_from BEFORE INSERT OR UPDATE ON control.agents FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();
CREATE INDEX agents_of_a_pool ON control.agents (tenant_id, pool_id);

-- How an agent said it was, at its last poll. Written often and never indexed, so that each writing stays on its page.
CREATE TABLE control.agent_presence (
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  seen_at timestamptz NOT NULL,
  -- Told of as lost; null once it is seen again.
  lost_at timestamptz,
  agent_version text NOT NULL,
  protocol int NOT NULL,
  free int NOT NULL,
  capacity int NOT NULL,
  under_way int NOT NULL,
  draining boolean NOT NULL,
  labels jsonb NOT NULL,
  policy jsonb NOT NULL,
  connections jsonb NOT NULL,
  spool jsonb NOT NULL,
  clock_offset_ms bigint NOT NULL,
  memory_bytes bigint NOT NULL,
  CONSTRAINT agent_presence_pk PRIMARY KEY (tenant_id, agent_id),
  CONSTRAINT presence_is_of_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES control.agents
) WITH (fillfactor = 50);

-- Up to where the cell holds what an agent has to tell. An epoch is one life of its spool.
CREATE TABLE control.agent_spools (
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL DEFAULT 0,
  hash text NOT NULL,
  CONSTRAINT agent_spools_pk PRIMARY KEY (tenant_id, agent_id, epoch),
  CONSTRAINT spool_is_of_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES control.agents
);

CREATE TABLE control.agent_entries (
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  -- By the agent's clock, as corrected by what the cell had last said of the time.
  occurred_at timestamptz NOT NULL,
  clock_offset_ms bigint NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The entry's body; null once it was applied and its time is over. Its hash stays.
  sealed bytea,
  hash text NOT NULL,
  CONSTRAINT agent_entries_pk PRIMARY KEY (tenant_id, agent_id, epoch, seq),
  CONSTRAINT entry_is_of_a_spool FOREIGN KEY (tenant_id, agent_id, epoch) REFERENCES control.agent_spools
);

-- Which orders are on an agent's disk: these are not offered again.
CREATE TABLE control.agent_receipts (
  tenant_id text NOT NULL,
  order_id text NOT NULL,
  agent_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT agent_receipts_pk PRIMARY KEY (tenant_id, order_id),
  CONSTRAINT receipt_is_of_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES control.agents
);

-- Where an instance is that only agents reach, the agents know, and how one signs in there.
ALTER TABLE control.connector_instances
  ADD COLUMN pool_id text,
  ADD CONSTRAINT instance_is_reached_by_a_pool FOREIGN KEY (tenant_id, pool_id) REFERENCES control.agent_pools,
  ADD CONSTRAINT a_placed_instance_has_no_address CHECK (pool_id IS NULL OR (base_url IS NULL AND credential_id IS NULL AND connection = '{}'));
CREATE INDEX instances_of_a_pool ON control.connector_instances (tenant_id, pool_id) WHERE pool_id IS NOT NULL;

CREATE TABLE execution.work_order_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT work_order_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);

CREATE TABLE execution.work_orders (
  tenant_id text NOT NULL,
  id text NOT NULL,
  agent_id text NOT NULL,
  pool_id text NOT NULL,
  kind text NOT NULL CONSTRAINT order_kind_is_known CHECK (kind IN ('prepare', 'execute', 'reconcile', 'watch')),
  instance_id text NOT NULL,
  run_id text,
  step_id text,
  call_key text,
  call_id text,
  fence bigint,
  state text NOT NULL,
  previous_state text NOT NULL DEFAULT 'new',
  -- The signed envelope as it is offered. What in it is content is encrypted to the agent; null once the order has ended.
  envelope text,
  issued_at timestamptz NOT NULL,
  begin_before timestamptz NOT NULL,
  ended_at timestamptz,
  -- How it ended, as the agent said.
  outcome_sealed bytea,
  refusal text,
  CONSTRAINT work_orders_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT order_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES execution.work_order_legal_transitions
);
CREATE TRIGGER work_orders_remember_where_they_came_from BEFORE INSERT OR UPDATE ON execution.work_orders FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();
-- What there is to offer, the oldest first; what a call waits for; what is over.
CREATE INDEX orders_of_an_agent ON execution.work_orders (tenant_id, agent_id, issued_at) WHERE state IN ('queued', 'received');
CREATE INDEX orders_of_a_step ON execution.work_orders (tenant_id, step_id) WHERE step_id IS NOT NULL;

-- What agents decided by their own policy and sent, nested reads included.
CREATE TABLE execution.agent_calls (
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  order_id text NOT NULL,
  run_id text,
  step_id text,
  call_key text NOT NULL,
  action text NOT NULL,
  action_digest text NOT NULL,
  outcome text NOT NULL,
  bundle jsonb,
  rules jsonb NOT NULL,
  occurred_at timestamptz NOT NULL,
  CONSTRAINT agent_calls_pk PRIMARY KEY (tenant_id, agent_id, epoch, seq)
);
CREATE INDEX agent_calls_of_a_run ON execution.agent_calls (tenant_id, run_id) WHERE run_id IS NOT NULL;

-- Up to where the worker has made what was delivered true.
CREATE TABLE execution.agent_cursors (
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  epoch text NOT NULL,
  applied_seq bigint NOT NULL DEFAULT 0,
  CONSTRAINT agent_cursors_pk PRIMARY KEY (tenant_id, agent_id, epoch)
);

-- Who looks for events of an instance that only agents reach, and until when.
CREATE TABLE execution.agent_watches (
  tenant_id text NOT NULL,
  instance_id text NOT NULL,
  order_id text NOT NULL,
  agent_id text NOT NULL,
  expires_at timestamptz NOT NULL,
  cursor text,
  CONSTRAINT agent_watches_pk PRIMARY KEY (tenant_id, instance_id)
);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY[
    'control.agent_pools', 'control.agent_enrolment_tokens', 'control.agents', 'control.agent_presence', 'control.agent_spools', 'control.agent_entries', 'control.agent_receipts',
    'execution.work_orders', 'execution.agent_calls', 'execution.agent_cursors', 'execution.agent_watches']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON control.agent_pools TO countersign_control;
GRANT SELECT, INSERT, UPDATE ON control.agent_enrolment_tokens, control.agents, control.agent_presence, control.agent_spools, control.agent_entries, control.agent_receipts TO countersign_control;
GRANT SELECT ON control.agent_legal_transitions, execution.work_order_legal_transitions TO countersign_control, countersign_execution;
GRANT SELECT ON control.agent_pools, control.agents, control.agent_presence, control.agent_spools, control.agent_entries, control.agent_receipts TO countersign_execution;
-- The worker ends the body of what it has applied.
GRANT UPDATE (sealed) ON control.agent_entries TO countersign_execution;
GRANT SELECT, INSERT, UPDATE ON execution.work_orders, execution.agent_calls, execution.agent_cursors, execution.agent_watches TO countersign_execution;
GRANT DELETE ON execution.agent_watches TO countersign_execution;
-- The control plane hands out what the worker has signed, and shows what became of it.
GRANT SELECT ON execution.work_orders, execution.agent_calls, execution.agent_cursors, execution.agent_watches TO countersign_control;

RESET ROLE;
