-- A tenant is deleted by two operators, after a grace, and nothing of it can be read afterwards (decision record 0046).

SET ROLE countersign_owner;

-- The deletion of a tenant: asked for by one operator of the cell, confirmed by another, carried out when its grace is over. The row outlives the
-- tenant: it says what became of it.
CREATE TABLE control.tenant_deletions (
  tenant_id text NOT NULL REFERENCES control.tenant_directory,
  id text NOT NULL,
  -- Whose chain tells of it: the tenant's workspaces are gone before it is over.
  workspace_id text NOT NULL,
  state text NOT NULL CONSTRAINT tenant_deletion_state_is_known CHECK (state IN ('requested', 'confirmed', 'cancelled', 'carrying_out', 'completed')),
  reason_digest text NOT NULL,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Not before, and not before somebody else has confirmed it.
  due_at timestamptz NOT NULL,
  confirmed_by text,
  confirmed_at timestamptz,
  cancelled_by text,
  cancelled_at timestamptz,
  -- Audit events of before lose their body; those that tell of the deletion do not.
  began_at timestamptz,
  keys_destroyed int NOT NULL DEFAULT 0,
  rows_removed bigint NOT NULL DEFAULT 0,
  objects_removed int NOT NULL DEFAULT 0,
  -- What the object store keeps until its time is over.
  objects_retained int NOT NULL DEFAULT 0,
  retained_until timestamptz,
  looked_at timestamptz,
  completed_at timestamptz,
  CONSTRAINT tenant_deletions_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT nobody_confirms_a_deletion_of_their_own CHECK (confirmed_by <> requested_by),
  CONSTRAINT nothing_is_deleted_that_nobody_confirmed CHECK (state IN ('requested', 'cancelled') OR num_nulls(confirmed_by, confirmed_at) = 0),
  CONSTRAINT what_is_deleted_has_nothing_retained CHECK (state <> 'completed' OR (objects_retained = 0 AND completed_at IS NOT NULL))
);
CREATE UNIQUE INDEX one_deletion_of_a_tenant_at_a_time ON control.tenant_deletions (tenant_id) WHERE state NOT IN ('cancelled', 'completed');

ALTER TABLE control.tenant_deletions ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.tenant_deletions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON control.tenant_deletions TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON control.tenant_deletions TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON control.tenant_deletions TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
GRANT SELECT, INSERT, UPDATE ON control.tenant_deletions TO countersign_control;

-- The one way in which rows of a tenant go all at once: while its deletion is carried out, its sealing keys are destroyed, and no hold is on it.
-- At most so many of each of these tables, which may refer to one another. Gives how many went.
CREATE FUNCTION control.forget_rows(p_tenant_id text, p_tables regclass[], p_limit int) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  statement text;
  gone bigint;
BEGIN
  IF p_tenant_id IS NULL OR NOT p_tenant_id = ANY (coalesce(app.tenant_ids(), '{}')) THEN
    RAISE EXCEPTION 'control.forget_rows: this transaction does not act for tenant %', p_tenant_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT EXISTS (SELECT FROM control.tenant_deletions d JOIN control.tenant_directory t USING (tenant_id) WHERE d.tenant_id = p_tenant_id AND d.state = 'carrying_out' AND t.state = 'deleting')
     OR EXISTS (SELECT FROM control.wrapped_keys k WHERE k.tenant_id = p_tenant_id AND k.kind = 'seal' AND k.wrapped IS NOT NULL)
     OR EXISTS (SELECT FROM control.legal_holds h WHERE h.tenant_id = p_tenant_id AND h.released_at IS NULL) THEN
    RAISE EXCEPTION 'control.forget_rows: tenant % is not being deleted', p_tenant_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF p_tables = '{}' OR NOT p_tables <@ control.forgettable_tables() THEN
    RAISE EXCEPTION 'control.forget_rows: not all of % go', p_tables USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- one statement, at whose end foreign keys are looked at
  SELECT 'WITH ' || string_agg(format('d%s AS (DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %s WHERE tenant_id = $1 LIMIT $2)) RETURNING 1)', n, t, t), ', ')
         || ' SELECT ' || string_agg(format('(SELECT count(*) FROM d%s)', n), ' + ')
    INTO statement FROM unnest(p_tables) WITH ORDINALITY AS named (t, n);
  EXECUTE statement INTO gone USING p_tenant_id, p_limit;
  RETURN gone;
END
$$;

-- What goes with a tenant: every table that has rows of tenants, but for its entry in the directory and its row without a name, the proof that its keys are gone, the public
-- keys that what it exported verifies with, and the chain of its audit, of which the bodies end.
CREATE FUNCTION control.forgettable_tables() RETURNS regclass[] LANGUAGE sql STABLE
  RETURN (SELECT array_agg(c.oid::regclass ORDER BY c.oid)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
             AND (n.nspname = 'execution' OR (n.nspname = 'audit' AND c.relname IN ('search', 'sink_positions', 'witness_positions'))
                  OR (n.nspname = 'control' AND c.relname NOT IN ('tenant_directory', 'tenants', 'tenant_deletions', 'tenant_moves', 'wrapped_keys', 'signing_keys'))));
REVOKE ALL ON FUNCTION control.forget_rows(text, regclass[], int), control.forgettable_tables() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION control.forget_rows(text, regclass[], int), control.forgettable_tables() TO countersign_control;

RESET ROLE;
