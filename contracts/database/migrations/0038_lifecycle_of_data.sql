-- How long data is kept, what a legal hold keeps longer, the erasure of a person, and tenants that move to another cell (decision record 0039).

SET ROLE countersign_owner;

-- One row per tenant that chose; no row, or null: the cell's default for content, and for ever for the rest.
CREATE TABLE control.retention_settings (
  tenant_id text CONSTRAINT retention_settings_pk PRIMARY KEY REFERENCES control.tenants,
  -- What tickets say and models answer, what people typed as reasons, what was asked of approvers.
  content_days int CONSTRAINT content_is_kept_for_days CHECK (content_days BETWEEN 1 AND 3650),
  -- How a run was carried out: attempts, errors and receipts of calls, masked inputs of decisions, figures, ended sessions.
  operational_days int CONSTRAINT operational_traces_are_kept_for_days CHECK (operational_days BETWEEN 1 AND 3650),
  -- The bodies of audit events. Their digests, links and tree stay.
  audit_days int CONSTRAINT audit_is_kept_for_a_year_at_least CHECK (audit_days BETWEEN 365 AND 36500),
  version int NOT NULL DEFAULT 1,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_outlives_operational_traces CHECK (audit_days IS NULL OR operational_days IS NULL OR audit_days >= operational_days)
);

-- What must not be deleted, whatever its retention and whoever asks, while a case goes on.
CREATE TABLE control.legal_holds (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  scope text NOT NULL CONSTRAINT hold_scope_is_known CHECK (scope IN ('tenant', 'workspace', 'run', 'principal', 'subject')),
  -- The id of the tenant, workspace, run or principal; or the record that runs are about.
  target text NOT NULL,
  -- Says what the case is about: sealed under purpose `identity`.
  reason_sealed bytea NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  released_by text,
  released_at timestamptz,
  release_reason_digest text,
  CONSTRAINT legal_holds_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT a_hold_of_a_tenant_is_of_its_own CHECK (scope <> 'tenant' OR target = tenant_id),
  CONSTRAINT a_release_says_who_and_why CHECK (num_nulls(released_by, released_at, release_reason_digest) IN (0, 3))
);
CREATE INDEX legal_holds_in_force ON control.legal_holds (tenant_id, scope, target) WHERE released_at IS NULL;

-- Whether a hold is on any of these. Null where a row has no such thing.
CREATE FUNCTION control.is_held(of_tenant text, of_workspace text, of_run text, of_subject text, of_person text) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (
    SELECT FROM control.legal_holds h
     WHERE h.tenant_id = of_tenant AND h.released_at IS NULL
       AND CASE h.scope WHEN 'tenant' THEN true WHEN 'workspace' THEN h.target = of_workspace WHEN 'run' THEN h.target = of_run
                        WHEN 'subject' THEN h.target = of_subject ELSE h.target = of_person END);

-- As `is_held`, for what belongs to a run.
CREATE FUNCTION control.is_run_held(of_tenant text, of_run text) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (
    SELECT FROM execution.runs r WHERE r.tenant_id = of_tenant AND r.id = of_run AND control.is_held(r.tenant_id, r.workspace_id, r.id, r.subject, NULL));

CREATE TABLE control.erasure_request_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT erasure_request_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);

CREATE TABLE control.erasure_requests (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  workspace_id text NOT NULL,
  -- Who the person is: {principal_id, terms}, sealed under purpose `identity`. Gone when it is done.
  person_sealed bytea,
  -- Null: not somebody who signs in here.
  principal_id text,
  pseudonym text NOT NULL,
  reason_digest text NOT NULL,
  -- The audit event that says that it was asked for: its evidence shows it.
  event_id text NOT NULL,
  previous_state text NOT NULL,
  state text NOT NULL,
  -- The hold that stands in the way.
  blocked_by text,
  -- Rows by place, as in the findings.
  counts jsonb NOT NULL DEFAULT '{}',
  error jsonb,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  claimed_until timestamptz,
  completed_at timestamptz,
  evidence_package_id text,
  CONSTRAINT erasure_requests_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT erasure_request_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES control.erasure_request_legal_transitions,
  CONSTRAINT what_is_held_says_by_which CHECK ((state = 'held') = (blocked_by IS NOT NULL)),
  CONSTRAINT what_is_erased_forgets_whom CHECK ((state = 'completed') = (person_sealed IS NULL))
);
CREATE INDEX erasure_requests_open ON control.erasure_requests (tenant_id, requested_at) WHERE state IN ('requested', 'held', 'running');
CREATE TRIGGER erasure_requests_remember_where_they_came_from BEFORE INSERT OR UPDATE ON control.erasure_requests FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();

-- How far content of before was given the end that the newest setting says.
CREATE TABLE execution.retention_progress (
  tenant_id text CONSTRAINT retention_progress_pk PRIMARY KEY,
  version int NOT NULL,
  -- The last content that was looked at; null: all were.
  redated_until text
);

-- Where the person was found and what was done there: ids only.
CREATE TABLE control.erasure_findings (
  tenant_id text NOT NULL,
  request_id text NOT NULL,
  -- `schema.table`
  place text NOT NULL,
  row_id text NOT NULL,
  action text NOT NULL CONSTRAINT erasure_action_is_known CHECK (action IN ('removed', 'pseudonymised', 'shredded')),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT erasure_findings_pk PRIMARY KEY (tenant_id, request_id, place, row_id),
  CONSTRAINT finding_is_of_a_request FOREIGN KEY (tenant_id, request_id) REFERENCES control.erasure_requests
);

-- Asked of the workers, who alone may open content and change what the execution plane wrote.
CREATE TABLE execution.erasure_tasks (
  tenant_id text NOT NULL,
  request_id text NOT NULL,
  -- What to look for, sealed under purpose `identity`; gone when it is done.
  terms_sealed bytea,
  -- What may still need the person's data ends first: how many runs that are.
  waiting_runs int NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'open' CONSTRAINT erasure_task_state_is_known CHECK (state IN ('open', 'done')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  claimed_until timestamptz,
  done_at timestamptz,
  CONSTRAINT erasure_tasks_pk PRIMARY KEY (tenant_id, request_id),
  CONSTRAINT what_is_done_forgets_whom CHECK ((state = 'done') = (terms_sealed IS NULL) AND (state = 'done') = (done_at IS NOT NULL))
);

CREATE TABLE execution.erasure_findings (
  tenant_id text NOT NULL,
  request_id text NOT NULL,
  place text NOT NULL,
  row_id text NOT NULL,
  action text NOT NULL CONSTRAINT erasure_action_is_known CHECK (action IN ('removed', 'pseudonymised', 'shredded')),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT erasure_findings_pk PRIMARY KEY (tenant_id, request_id, place, row_id),
  CONSTRAINT finding_is_of_a_task FOREIGN KEY (tenant_id, request_id) REFERENCES execution.erasure_tasks
);

-- A move to another cell of the region, as both cells remember it. How far it is stands in the state of the source's row.
CREATE TABLE control.tenant_moves (
  tenant_id text NOT NULL,
  id text NOT NULL,
  state text NOT NULL CONSTRAINT tenant_move_state_is_known CHECK (state IN ('frozen', 'imported', 'verified', 'cut_over', 'abandoned')),
  from_cell text NOT NULL,
  to_cell text NOT NULL,
  -- SHA-256, hex, of the digests of all tables, and how many rows they are of.
  digest text,
  rows bigint,
  objects int,
  began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT tenant_moves_pk PRIMARY KEY (tenant_id, id)
);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.retention_settings', 'control.legal_holds', 'control.erasure_requests', 'control.erasure_findings', 'control.tenant_moves',
                           'execution.erasure_tasks', 'execution.erasure_findings', 'execution.retention_progress']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON control.retention_settings, control.tenant_moves TO countersign_control;
GRANT SELECT, INSERT ON control.legal_holds TO countersign_control;
-- What is sealed is sealed again under a newer key.
GRANT UPDATE (released_by, released_at, release_reason_digest, reason_sealed) ON control.legal_holds TO countersign_control;
GRANT SELECT, INSERT, UPDATE ON control.erasure_requests TO countersign_control;
GRANT SELECT, INSERT ON control.erasure_findings TO countersign_control;
GRANT SELECT ON control.erasure_request_legal_transitions TO countersign_control, countersign_execution;
GRANT SELECT, INSERT ON execution.erasure_tasks TO countersign_control;
GRANT SELECT ON execution.erasure_findings, execution.retention_progress TO countersign_control;
GRANT SELECT, INSERT, UPDATE ON execution.retention_progress TO countersign_execution;

GRANT SELECT ON control.retention_settings TO countersign_execution;
-- Not why.
GRANT SELECT (tenant_id, id, scope, target, released_at) ON control.legal_holds TO countersign_execution;
GRANT SELECT, UPDATE ON execution.erasure_tasks TO countersign_execution;
GRANT SELECT, INSERT ON execution.erasure_findings TO countersign_execution;

-- What retention takes from the execution plane's own tables besides content.
GRANT DELETE ON execution.step_attempts TO countersign_execution;
GRANT UPDATE (masked_input, shadows) ON execution.decisions TO countersign_execution;
-- What retention and erasure take from the control plane's.
GRANT DELETE ON control.sessions, control.sign_in_links TO countersign_control;
GRANT UPDATE (reason, release_reason) ON control.kill_switches TO countersign_control;
GRANT UPDATE (reason, override_reason, withdraw_reason) ON control.policy_releases TO countersign_control;
GRANT UPDATE (message) ON control.policy_versions TO countersign_control;
GRANT UPDATE (reason) ON control.policy_replays TO countersign_control;

ALTER TABLE execution.runs ADD COLUMN traces_ended_at timestamptz;
CREATE INDEX runs_with_traces ON execution.runs (tenant_id, finished_at) WHERE finished_at IS NOT NULL AND traces_ended_at IS NULL;
-- What a dropped delivery said; the others' goes with their run's content.
CREATE INDEX deliveries_dropped_with_payload ON execution.deliveries (tenant_id, handled_at) WHERE state = 'dropped' AND payload <> '{}';

RESET ROLE;
