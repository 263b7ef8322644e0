-- Recovery: questions about what became of an effect, runs that are paused, commands to many runs at once, and kill switches that let go
-- in stages and hold the clocks of approvals meanwhile (decision record 0029).

SET ROLE countersign_owner;

-- A paused run: nothing new begins in it.
ALTER TABLE execution.runs
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN paused_by text,
  ADD COLUMN pause_reason text,
  ADD CONSTRAINT a_pause_says_who_and_why CHECK (num_nulls(paused_at, paused_by, pause_reason) IN (0, 3));

-- A job over many runs or dead letters: what was asked for. Each of its commands is a row of its own, which a worker carries out like any
-- other; how far the job is follows from them.
CREATE TABLE execution.bulk_commands (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  kind text NOT NULL CONSTRAINT bulk_command_is_known CHECK (kind IN ('cancel', 'redrive')),
  -- {ids} or {filter}, as they were asked for.
  selection jsonb NOT NULL,
  reason text NOT NULL CONSTRAINT a_bulk_command_has_a_reason CHECK (length(trim(reason)) > 0),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  total int NOT NULL,
  CONSTRAINT bulk_commands_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT bulk_command_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);
CREATE INDEX bulk_commands_of_a_workspace ON execution.bulk_commands (tenant_id, workspace_id, requested_at DESC, id DESC);

ALTER TABLE execution.commands
  DROP CONSTRAINT command_is_known,
  ADD CONSTRAINT command_is_known CHECK (kind IN ('cancel', 'redrive', 'pause', 'resume')),
  ADD COLUMN bulk_id text,
  -- Whether there was something that it could do; null until it is handled.
  ADD COLUMN did_something boolean,
  ADD CONSTRAINT command_is_of_a_bulk_command FOREIGN KEY (tenant_id, bulk_id) REFERENCES execution.bulk_commands;
CREATE INDEX commands_of_a_bulk_command ON execution.commands (tenant_id, bulk_id) INCLUDE (handled_at, did_something) WHERE bulk_id IS NOT NULL;
-- What one person asks of one run goes before jobs.
DROP INDEX execution.commands_to_handle;
CREATE INDEX commands_to_handle ON execution.commands (tenant_id, requested_at, id) WHERE handled_at IS NULL AND bulk_id IS NULL;
CREATE INDEX bulk_commands_to_handle ON execution.commands (tenant_id, requested_at, id) WHERE handled_at IS NULL AND bulk_id IS NOT NULL;

-- What people typed is kept as long as content is.
CREATE INDEX reasons_to_shred ON execution.commands (tenant_id, handled_at) WHERE handled_at IS NOT NULL AND reason <> '(shredded)';
CREATE INDEX reasons_of_jobs_to_shred ON execution.bulk_commands (tenant_id, requested_at) WHERE reason <> '(shredded)';

CREATE INDEX dead_letters ON execution.steps (tenant_id, finished_at DESC, id DESC) WHERE state IN ('dead', 'failed');
CREATE INDEX steps_uncertain ON execution.steps (tenant_id, id) WHERE state = 'uncertain';
-- Steps that a kill switch holds, which are let go when it is released.
CREATE INDEX steps_stopped ON execution.steps (tenant_id, available_at) WHERE state = 'retrying' AND error->>'code' = 'stopped_by_kill_switch';

ALTER TABLE control.approvals
  ADD COLUMN kind text NOT NULL DEFAULT 'action' CONSTRAINT approval_kind_is_known CHECK (kind IN ('action', 'outcome')),
  -- Of an outcome: the call that nobody can tell about, and what a person said of it.
  ADD COLUMN call_id text,
  ADD COLUMN answer text CONSTRAINT answer_is_known CHECK (answer IN ('happened', 'did_not_happen')),
  -- Since when its clock stands still, because a kill switch stops its run.
  ADD COLUMN frozen_since timestamptz,
  ADD CONSTRAINT an_outcome_is_asked_of_a_call CHECK ((kind = 'outcome') = (call_id IS NOT NULL)),
  ADD CONSTRAINT who_answered_gave_an_answer CHECK ((state = 'answered') = (answer IS NOT NULL)),
  ADD CONSTRAINT only_an_action_is_approved CHECK (kind = 'action' OR state IN ('pending', 'answered', 'expired', 'withdrawn'));
CREATE UNIQUE INDEX one_open_question_per_call ON control.approvals (tenant_id, call_id) WHERE state = 'pending' AND kind = 'outcome';
CREATE INDEX questions_of_a_call ON control.approvals (tenant_id, call_id) WHERE kind = 'outcome';
CREATE INDEX approvals_frozen ON control.approvals (tenant_id) WHERE frozen_since IS NOT NULL;

ALTER TABLE control.approval_votes
  DROP CONSTRAINT vote_is_for_or_against,
  ADD CONSTRAINT vote_is_for_or_against CHECK (decision IN ('approve', 'reject', 'happened', 'did_not_happen'));

-- What people typed as their reason goes with the texts that they voted on.
GRANT UPDATE (reason) ON control.approval_votes TO countersign_control;

-- Who asks does not answer, outcomes included.
DROP TRIGGER approvals_are_decided_by_people ON control.approvals;
CREATE TRIGGER approvals_are_decided_by_people BEFORE UPDATE ON control.approvals FOR EACH ROW
  WHEN (current_user = 'countersign_execution' AND NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('approved', 'rejected', 'answered')) EXECUTE FUNCTION app.refuse_own_answer();

ALTER TABLE control.kill_switches
  -- The stages in which it lets go: [{share, for_ms}]; null lets everything go at once.
  ADD COLUMN recovery jsonb,
  -- Which stage it is in, from 0, and since when. A stage begins when the control plane says so, never by the clock alone.
  ADD COLUMN recovery_stage int,
  ADD COLUMN stage_began_at timestamptz,
  -- The part of the runs that may go on: null while it is set.
  ADD COLUMN share float8 CONSTRAINT share_is_a_part CHECK (share > 0 AND share <= 1),
  -- From when on it stops nothing any more.
  ADD COLUMN recovered_at timestamptz,
  -- Where it was released: the audit of its stages goes there.
  ADD COLUMN released_in text;
-- Row-level security is forced for the owner, too: every tenant is named.
SELECT set_config('app.tenant_id', (SELECT COALESCE(string_agg(tenant_id, ','), '') FROM control.tenant_directory), true);
UPDATE control.kill_switches SET recovered_at = released_at;
SELECT set_config('app.tenant_id', '', true);
ALTER TABLE control.kill_switches
  ADD CONSTRAINT only_what_is_released_recovers CHECK (released_at IS NOT NULL OR num_nonnulls(recovery_stage, stage_began_at, share, recovered_at) = 0),
  ADD CONSTRAINT a_stage_is_whole CHECK (num_nulls(recovery_stage, stage_began_at, share) IN (0, 3));
CREATE INDEX kill_switches_that_bind ON control.kill_switches (tenant_id) WHERE recovered_at IS NULL;
GRANT UPDATE (recovery, recovery_stage, stage_began_at, share, recovered_at, released_in) ON control.kill_switches TO countersign_control;

-- Where a run stands among those that a kill switch lets go one share after the other: in [0, 1), the same for ever (execution-plane/policy/recovery-place.ts).
CREATE FUNCTION control.recovery_place(run_id text) RETURNS float8 LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ('x' || left(encode(sha256(convert_to(run_id, 'UTF8')), 'hex'), 8))::bit(32)::bigint / 4294967296.0::float8;

-- Whether a kill switch stops this run now, whoever asks seeing only their own tenants.
CREATE FUNCTION control.is_stopped(of_tenant text, of_workspace text, of_environment text, of_run text) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (
    SELECT FROM control.kill_switches k
     WHERE k.tenant_id = of_tenant AND k.recovered_at IS NULL
       AND CASE k.scope WHEN 'tenant' THEN true WHEN 'workspace' THEN k.target_id = of_workspace WHEN 'environment' THEN k.target_id = of_environment
             -- what a workflow has started stops with it
             ELSE k.target_id IN (
               WITH RECURSIVE up AS (
                 SELECT r.workflow_id, r.parent_run_id FROM execution.runs r WHERE r.tenant_id = of_tenant AND r.id = of_run
                 UNION ALL
                 SELECT r.workflow_id, r.parent_run_id FROM up JOIN execution.runs r ON r.tenant_id = of_tenant AND r.id = up.parent_run_id)
               SELECT up.workflow_id FROM up) END
       AND (k.share IS NULL OR control.recovery_place(of_run) >= k.share));

-- What is asked while a switch is set has a clock that stands from the beginning.
CREATE FUNCTION app.freeze_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF control.is_stopped(NEW.tenant_id, NEW.workspace_id, NEW.environment_id, NEW.run_id) THEN
    NEW.frozen_since := clock_timestamp();
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER approvals_asked_while_stopped_stand BEFORE INSERT ON control.approvals FOR EACH ROW EXECUTE FUNCTION app.freeze_clock();

ALTER TABLE execution.bulk_commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution.bulk_commands FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON execution.bulk_commands TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON execution.bulk_commands TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON execution.bulk_commands TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
GRANT SELECT, INSERT ON execution.bulk_commands TO countersign_control;
GRANT SELECT, UPDATE (reason) ON execution.bulk_commands TO countersign_execution;

RESET ROLE;
