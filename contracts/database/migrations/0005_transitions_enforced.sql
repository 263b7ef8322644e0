-- A state can only move along a legal pair: the trigger writes where it came from, and the foreign key of the table checks the pair.
-- The rows of the *_legal_transitions tables are written by the migration runner from contracts/states (`new -> initial` included).

SET ROLE countersign_owner;

CREATE FUNCTION app.remember_previous_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.previous_state := 'new';
  ELSIF NEW.state IS DISTINCT FROM OLD.state THEN
    NEW.previous_state := OLD.state;
  ELSE
    NEW.previous_state := OLD.previous_state;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER runs_remember_where_they_came_from BEFORE INSERT OR UPDATE ON execution.runs FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();
CREATE TRIGGER steps_remember_where_they_came_from BEFORE INSERT OR UPDATE ON execution.steps FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();
CREATE TRIGGER tool_calls_remember_where_they_came_from BEFORE INSERT OR UPDATE ON execution.tool_calls FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();
CREATE TRIGGER approvals_remember_where_they_came_from BEFORE INSERT OR UPDATE ON control.approvals FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();

-- Who asks does not answer: the execution plane requests, uses up, expires and withdraws approvals; only the control plane, where
-- people vote, approves or rejects.
CREATE FUNCTION app.refuse_own_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the execution plane cannot decide approval %', NEW.id USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER approvals_are_decided_by_people BEFORE UPDATE ON control.approvals FOR EACH ROW
  WHEN (current_user = 'countersign_execution' AND NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('approved', 'rejected')) EXECUTE FUNCTION app.refuse_own_answer();

-- A finished run that goes on (redrive) is finished no more, and its evidence is of the past.
CREATE FUNCTION app.reopen_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.finished_at := NULL;
  NEW.evidence_id := NULL;
  RETURN NEW;
END
$$;
CREATE TRIGGER runs_reopened_need_new_evidence BEFORE UPDATE ON execution.runs FOR EACH ROW
  WHEN (OLD.state = 'failed' AND NEW.state = 'running') EXECUTE FUNCTION app.reopen_run();

RESET ROLE;
