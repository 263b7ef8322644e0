-- The hot path of the engine: events go in many at a time, a state's origin is written by the statement that moves it, and leases have states
-- of their own (decision record 0026).

SET ROLE countersign_owner;

-- As audit.append, for many at once, in the order given. `p_units` says of which unit of a batch each event is and `p_kept` which units are
-- written; without them all are.
CREATE FUNCTION audit.append_all(p_tenant_ids text[], p_chains text[], p_ids text[], p_types text[], p_run_ids text[], p_bodies text[],
    p_units int[] DEFAULT NULL, p_kept int[] DEFAULT NULL)
  RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  appended bigint;
BEGIN
  IF NOT p_tenant_ids <@ coalesce(app.tenant_ids(), '{}') OR array_position(p_tenant_ids, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'audit.append_all: this transaction does not act for one of the tenants' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO audit.events (tenant_id, chain, id, type, run_id, body)
    SELECT e.tenant_id, e.chain, e.id, e.type, e.run_id, e.body
      FROM unnest(p_tenant_ids, p_chains, p_ids, p_types, p_run_ids, p_bodies, p_units) AS e(tenant_id, chain, id, type, run_id, body, unit)
     WHERE p_kept IS NULL OR e.unit = ANY (p_kept);
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END
$$;
REVOKE ALL ON FUNCTION audit.append_all(text[], text[], text[], text[], text[], text[], int[], int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append_all(text[], text[], text[], text[], text[], text[], int[], int[]) TO countersign_control, countersign_execution;

-- Pending events have no place in their chain yet: they are in this index from when they are sealed.
ALTER TABLE audit.events DROP CONSTRAINT seq_is_unique_in_its_chain;
CREATE UNIQUE INDEX seq_is_unique_in_its_chain ON audit.events (tenant_id, chain, seq) WHERE seq IS NOT NULL;

-- A statement that moves a state says where it came from, and pays for no trigger; one that does not, or lies, is put right by it.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['runs', 'steps', 'tool_calls']
  LOOP
    EXECUTE format('DROP TRIGGER %I ON execution.%I', t || '_remember_where_they_came_from', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON execution.%I FOR EACH ROW WHEN (NEW.previous_state <> ''new'') EXECUTE FUNCTION app.remember_previous_state()', t || '_begin_new', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON execution.%I FOR EACH ROW
      WHEN (NEW.previous_state IS DISTINCT FROM CASE WHEN NEW.state IS DISTINCT FROM OLD.state THEN OLD.state ELSE OLD.previous_state END)
      EXECUTE FUNCTION app.remember_previous_state()', t || '_remember_where_they_came_from', t);
  END LOOP;
END
$$;

-- A lease is an attempt at a step under one fence. The pairs are written by the migration runner from contracts/states; those that rows of
-- before need are here already.
CREATE TABLE execution.lease_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT lease_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);
INSERT INTO execution.lease_legal_transitions VALUES ('new', 'held'), ('held', 'released');

ALTER TABLE execution.step_attempts ADD COLUMN previous_state text NOT NULL DEFAULT 'new', ADD COLUMN state text NOT NULL DEFAULT 'held';
RESET ROLE;
-- Row-level security is forced on the owner too; a migration acts for every tenant.
UPDATE execution.step_attempts SET previous_state = 'held', state = 'released' WHERE finished_at IS NOT NULL;
SET ROLE countersign_owner;
ALTER TABLE execution.step_attempts ADD CONSTRAINT lease_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES execution.lease_legal_transitions (from_state, to_state);

CREATE TRIGGER step_attempts_begin_new BEFORE INSERT ON execution.step_attempts FOR EACH ROW
  WHEN (NEW.previous_state <> 'new') EXECUTE FUNCTION app.remember_previous_state();
CREATE TRIGGER step_attempts_remember_where_they_came_from BEFORE UPDATE ON execution.step_attempts FOR EACH ROW
  WHEN (NEW.previous_state IS DISTINCT FROM CASE WHEN NEW.state IS DISTINCT FROM OLD.state THEN OLD.state ELSE OLD.previous_state END)
  EXECUTE FUNCTION app.remember_previous_state();

-- Of a batch that is committed as a whole: raised where a statement changed fewer rows than its units were promised.
CREATE FUNCTION app.refuse_partial(p_what text, p_wanted bigint, p_done bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_wanted <> p_done THEN
    RAISE EXCEPTION 'group commit: % of % % were as expected', p_done, p_wanted, p_what USING ERRCODE = 'triggered_data_change_violation';
  END IF;
END
$$;
GRANT EXECUTE ON FUNCTION app.refuse_partial(text, bigint, bigint) TO countersign_execution;

GRANT SELECT ON execution.lease_legal_transitions TO countersign_control, countersign_execution;

RESET ROLE;
