-- What the execution plane owns: deliveries, runs, steps, tool calls, decisions, cost, content, evidence.

SET ROLE countersign_owner;

-- Encrypted content, apart from the metadata that stays. `sha256` is of the plain bytes.
CREATE TABLE execution.contents (
  tenant_id text NOT NULL,
  id text NOT NULL,
  kind text NOT NULL,
  sealed bytea,
  sha256 text NOT NULL,
  size_bytes int NOT NULL,
  labels jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  shredded_at timestamptz,
  CONSTRAINT contents_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT content_is_sealed_or_shredded CHECK ((sealed IS NULL) = (shredded_at IS NOT NULL))
);
CREATE INDEX contents_to_shred ON execution.contents (expires_at) WHERE shredded_at IS NULL;

-- The mailbox of events from outside: the control plane inserts what it accepted by webhook, the reconciler what it found.
-- `dedupe_key` is (sys_id, sys_mod_count) for ServiceNow: each version of a record is one delivery, however often it arrives.
CREATE TABLE execution.deliveries (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  environment_id text NOT NULL,
  instance_id text NOT NULL,
  connector text NOT NULL,
  event text NOT NULL,
  subject text NOT NULL,
  subject_label text,
  dedupe_key text NOT NULL,
  source text NOT NULL CONSTRAINT source_is_known CHECK (source IN ('webhook', 'reconciler', 'manual')),
  payload jsonb NOT NULL,
  traceparent text,
  state text NOT NULL DEFAULT 'accepted' CONSTRAINT delivery_state_is_known CHECK (state IN ('accepted', 'started', 'dropped')),
  dropped_because text,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  handled_at timestamptz,
  CONSTRAINT deliveries_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT one_delivery_per_record_version UNIQUE (tenant_id, instance_id, dedupe_key)
);
CREATE INDEX deliveries_to_handle ON execution.deliveries (tenant_id, received_at) WHERE state = 'accepted';

CREATE TABLE execution.run_legal_transitions (
  from_state text NOT NULL, to_state text NOT NULL, CONSTRAINT run_legal_transitions_pk PRIMARY KEY (from_state, to_state));
CREATE TABLE execution.step_legal_transitions (
  from_state text NOT NULL, to_state text NOT NULL, CONSTRAINT step_legal_transitions_pk PRIMARY KEY (from_state, to_state));
CREATE TABLE execution.tool_call_legal_transitions (
  from_state text NOT NULL, to_state text NOT NULL, CONSTRAINT tool_call_legal_transitions_pk PRIMARY KEY (from_state, to_state));

-- `trigger_key` makes a run the only one of its workflow for what started it (an incident is triaged once).
CREATE TABLE execution.runs (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  environment_id text NOT NULL,
  workflow_id text NOT NULL,
  workflow_name text NOT NULL,
  workflow_version int NOT NULL,
  workflow_digest text NOT NULL,
  definition jsonb NOT NULL,
  pins jsonb NOT NULL DEFAULT '{}',
  trigger_kind text NOT NULL,
  trigger_key text NOT NULL,
  trigger_content_id text,
  delivery_id text,
  subject text,
  subject_label text,
  traceparent text,
  previous_state text NOT NULL DEFAULT 'new',
  state text NOT NULL DEFAULT 'queued',
  error jsonb,
  cost_usd numeric(18, 9) NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  evidence_id text,
  CONSTRAINT runs_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT one_run_per_workflow_and_trigger UNIQUE (tenant_id, environment_id, workflow_id, trigger_key),
  CONSTRAINT run_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES execution.run_legal_transitions (from_state, to_state),
  CONSTRAINT run_came_from_a_delivery FOREIGN KEY (tenant_id, delivery_id) REFERENCES execution.deliveries
);
CREATE INDEX runs_by_time ON execution.runs (tenant_id, workspace_id, created_at DESC, id DESC);
CREATE INDEX runs_without_evidence ON execution.runs (tenant_id, finished_at) WHERE finished_at IS NOT NULL AND evidence_id IS NULL;
CREATE INDEX runs_open ON execution.runs (tenant_id, state) WHERE state NOT IN ('succeeded', 'failed', 'cancelled');

-- The steps table itself is the queue. Every write of a leased step names its `fence` in the WHERE; a stale worker changes nothing.
CREATE TABLE execution.steps (
  tenant_id text NOT NULL,
  id text NOT NULL,
  run_id text NOT NULL,
  key text NOT NULL,
  ordinal int NOT NULL,
  uses text NOT NULL,
  needs text[] NOT NULL DEFAULT '{}',
  previous_state text NOT NULL DEFAULT 'new',
  state text NOT NULL,
  attempt int NOT NULL DEFAULT 0,
  max_attempts int NOT NULL DEFAULT 5,
  available_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lease_owner text,
  lease_expires_at timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  approval_id text,
  input_content_id text,
  output_content_id text,
  output_labels jsonb NOT NULL DEFAULT '[]',
  error jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  CONSTRAINT steps_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT step_key_is_unique_in_its_run UNIQUE (tenant_id, run_id, key),
  CONSTRAINT step_is_of_a_run FOREIGN KEY (tenant_id, run_id) REFERENCES execution.runs,
  CONSTRAINT step_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES execution.step_legal_transitions (from_state, to_state),
  CONSTRAINT a_lease_has_owner_and_end CHECK ((state = 'leased') = (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL))
);
CREATE INDEX steps_claimable ON execution.steps (tenant_id, available_at, id) WHERE state IN ('ready', 'retrying', 'uncertain');
CREATE INDEX steps_leased ON execution.steps (lease_expires_at) WHERE state = 'leased';
CREATE INDEX steps_waiting ON execution.steps (tenant_id, approval_id) WHERE state = 'waiting';

-- What happened to a step, in order: the timeline that operators read.
CREATE TABLE execution.step_attempts (
  tenant_id text NOT NULL,
  step_id text NOT NULL,
  attempt int NOT NULL,
  fence bigint NOT NULL,
  worker text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  result text,
  error jsonb,
  CONSTRAINT step_attempts_pk PRIMARY KEY (tenant_id, step_id, fence),
  CONSTRAINT attempt_is_of_a_step FOREIGN KEY (tenant_id, step_id) REFERENCES execution.steps
);

-- One row per decision of the policy decision point, whatever it was.
CREATE TABLE execution.decisions (
  tenant_id text NOT NULL,
  id text NOT NULL,
  run_id text NOT NULL,
  step_id text NOT NULL,
  call_key text NOT NULL,
  action text NOT NULL,
  instance_id text,
  action_digest text NOT NULL,
  outcome text NOT NULL CONSTRAINT outcome_is_known
    CHECK (outcome IN ('ALLOW', 'DENY', 'REQUIRE_HITL', 'REQUIRE_STEP_UP', 'THROTTLE', 'ROUTE')),
  reasons jsonb NOT NULL,
  obligations jsonb NOT NULL DEFAULT '{}',
  bundle_revision text,
  bundle_seq bigint,
  bundle_digest text,
  bundle_age_ms bigint,
  input_digest text NOT NULL,
  evaluated_us int NOT NULL,
  approval_id text,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT decisions_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT decision_is_of_a_step FOREIGN KEY (tenant_id, step_id) REFERENCES execution.steps
);
CREATE INDEX decisions_of_a_run ON execution.decisions (tenant_id, run_id, decided_at);

-- The intent commits before the call, the outcome after it. `idempotency_key` is the same for every attempt of one effect.
CREATE TABLE execution.tool_calls (
  tenant_id text NOT NULL,
  id text NOT NULL,
  environment_id text NOT NULL,
  run_id text NOT NULL,
  step_id text NOT NULL,
  call_key text NOT NULL,
  fence bigint NOT NULL,
  attempt int NOT NULL,
  action text NOT NULL,
  risk text NOT NULL,
  connector_version text NOT NULL,
  instance_id text,
  action_digest text NOT NULL,
  idempotency_key text NOT NULL,
  decision_id text NOT NULL,
  approval_id text,
  action_content_id text,
  -- What it gave back, sealed: a worker that died after the effect finds it here and does not send it again.
  output_content_id text,
  previous_state text NOT NULL DEFAULT 'new',
  state text NOT NULL DEFAULT 'intended',
  request_digest text,
  response_digest text,
  receipt jsonb,
  error jsonb,
  intended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  duration_ms int,
  CONSTRAINT tool_calls_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT call_is_of_a_step FOREIGN KEY (tenant_id, step_id) REFERENCES execution.steps,
  CONSTRAINT call_was_decided FOREIGN KEY (tenant_id, decision_id) REFERENCES execution.decisions,
  CONSTRAINT call_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES execution.tool_call_legal_transitions (from_state, to_state)
);
CREATE INDEX tool_calls_of_a_run ON execution.tool_calls (tenant_id, run_id, intended_at);
-- An effect happens at most once: one row per key may be under way, unknown or done. A failed one makes room for the next attempt.
CREATE UNIQUE INDEX one_effect_per_idempotency_key ON execution.tool_calls (tenant_id, environment_id, action, idempotency_key)
  WHERE risk IN ('write', 'destructive') AND state <> 'failed';

CREATE TABLE execution.cost_lines (
  tenant_id text NOT NULL,
  id text NOT NULL,
  run_id text NOT NULL,
  call_id text NOT NULL,
  meter text NOT NULL,
  quantity numeric(24, 9) NOT NULL,
  unit text NOT NULL,
  price jsonb NOT NULL,
  amount_usd numeric(18, 9) NOT NULL,
  metered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cost_lines_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT cost_is_of_a_run FOREIGN KEY (tenant_id, run_id) REFERENCES execution.runs,
  CONSTRAINT cost_is_of_a_call FOREIGN KEY (tenant_id, call_id) REFERENCES execution.tool_calls
);
CREATE INDEX cost_lines_of_a_run ON execution.cost_lines (tenant_id, run_id);

-- Versions of records that our own writes made: a delivery that names one is our echo and starts nothing.
CREATE TABLE execution.written_versions (
  tenant_id text NOT NULL,
  instance_id text NOT NULL,
  dedupe_key text NOT NULL,
  call_id text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT written_versions_pk PRIMARY KEY (tenant_id, instance_id, dedupe_key)
);

CREATE TABLE execution.reconciler_cursors (
  tenant_id text NOT NULL,
  instance_id text NOT NULL,
  cursor text NOT NULL,
  polled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  found_count bigint NOT NULL DEFAULT 0,
  CONSTRAINT reconciler_cursors_pk PRIMARY KEY (tenant_id, instance_id)
);

-- Local models by workspace and instance. The bytes are in the object store, sealed; `digest` is of the plain bytes.
CREATE TABLE execution.models (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  instance_id text NOT NULL,
  version int NOT NULL,
  digest text NOT NULL,
  object_key text NOT NULL,
  labelled_count int NOT NULL,
  metrics jsonb NOT NULL,
  trained_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  trained_by_run_id text NOT NULL,
  CONSTRAINT models_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT model_version_is_unique UNIQUE (tenant_id, workspace_id, instance_id, version)
);

-- A run that was redriven gets another bundle; the newest is the one served.
CREATE TABLE execution.evidence (
  tenant_id text NOT NULL,
  id text NOT NULL,
  run_id text NOT NULL,
  object_key text NOT NULL,
  sha256 text NOT NULL,
  size_bytes int NOT NULL,
  built_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT evidence_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT evidence_is_of_a_run FOREIGN KEY (tenant_id, run_id) REFERENCES execution.runs
);
CREATE INDEX evidence_of_a_run ON execution.evidence (tenant_id, run_id, built_at DESC);

-- The highest bundle sequence a policy decision point has accepted: an older bundle is refused, after restarts too.
CREATE TABLE execution.policy_floor (
  tenant_id text NOT NULL,
  scope text NOT NULL,
  highest_seq bigint NOT NULL,
  accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT policy_floor_pk PRIMARY KEY (tenant_id, scope)
);

-- What a person asked of a run: the control plane inserts, a worker carries it out.
CREATE TABLE execution.commands (
  tenant_id text NOT NULL,
  id text NOT NULL,
  run_id text NOT NULL,
  kind text NOT NULL CONSTRAINT command_is_known CHECK (kind IN ('cancel', 'redrive')),
  step_key text,
  reason text NOT NULL CONSTRAINT a_command_has_a_reason CHECK (length(trim(reason)) > 0),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  handled_at timestamptz,
  result text,
  CONSTRAINT commands_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT command_is_for_a_run FOREIGN KEY (tenant_id, run_id) REFERENCES execution.runs
);
CREATE INDEX commands_to_handle ON execution.commands (tenant_id, requested_at) WHERE handled_at IS NULL;

-- Worker presence, for operators: who is alive and what it runs.
CREATE TABLE execution.workers (
  id text CONSTRAINT workers_pk PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  version text NOT NULL,
  policy jsonb NOT NULL DEFAULT '{}'
);

RESET ROLE;
