-- A Merkle tree beside every chain, checkpoints that other logs' tools read, witnesses outside of the cell, sinks, search, and the end of retention
-- (decision record 0037).

SET ROLE countersign_owner;

-- How far the tree has grown (`tree_size` is behind `seq` only for chains of before, until they are caught up), the roots of its perfect subtrees,
-- the largest first, and up to which event the chain can be searched.
ALTER TABLE audit.chain_heads
  ADD COLUMN tree_size bigint NOT NULL DEFAULT 0,
  ADD COLUMN frontier bytea NOT NULL DEFAULT '',
  ADD COLUMN searchable_seq bigint NOT NULL DEFAULT 0,
  ADD CONSTRAINT tree_is_not_ahead_of_its_chain CHECK (tree_size BETWEEN 0 AND seq AND searchable_seq BETWEEN 0 AND seq),
  ADD CONSTRAINT frontier_is_of_the_tree CHECK (octet_length(frontier) = 32 * bit_count(int8send(tree_size)));

-- The hashes of the tree, 256 at a time, written once they are whole: level 0 holds leaves, level k the roots of the tiles below it. What is not in
-- a tile yet is computed from the newest lines of the chain. The cut is that of c2sp.org/tlog-tiles.
CREATE TABLE audit.tree_tiles (
  tenant_id text NOT NULL,
  chain text NOT NULL,
  level int NOT NULL,
  n bigint NOT NULL,
  root bytea NOT NULL,
  hashes bytea NOT NULL,
  CONSTRAINT tree_tiles_pk PRIMARY KEY (tenant_id, chain, level, n),
  CONSTRAINT tile_is_whole CHECK (octet_length(root) = 32 AND octet_length(hashes) = 8192 AND level BETWEEN 0 AND 6 AND n >= 0)
);
-- Hashes do not compress; whoever asks for a root alone does not read them.
ALTER TABLE audit.tree_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- A checkpoint is about a size, and there are several of one size: an idle chain is signed every hour. `body` is what is signed and what the next
-- one names by its SHA-256: canonical JSON in format v1, the text of the note in v2. `note` is the whole signed note.
ALTER TABLE audit.checkpoints
  ADD COLUMN number bigint,
  ADD COLUMN format text NOT NULL DEFAULT 'v1' CONSTRAINT checkpoint_format_is_known CHECK (format IN ('v1', 'v2')),
  ADD COLUMN root bytea,
  ADD COLUMN note text,
  ADD CONSTRAINT a_note_says_the_root CHECK (num_nulls(root, note) = CASE format WHEN 'v1' THEN 2 ELSE 0 END);
ALTER TABLE audit.checkpoints DISABLE TRIGGER checkpoints_are_append_only;
-- Row-level security is forced on the owner too: this migration acts for every tenant by name.
SELECT set_config('app.tenant_id', coalesce((SELECT string_agg(tenant_id, ',') FROM control.tenant_directory), ''), true);
UPDATE audit.checkpoints c SET number = n.number
  FROM (SELECT tenant_id, chain, seq, row_number() OVER (PARTITION BY tenant_id, chain ORDER BY seq) AS number FROM audit.checkpoints) n
 WHERE (c.tenant_id, c.chain, c.seq) = (n.tenant_id, n.chain, n.seq);
SELECT set_config('app.tenant_id', '', true);
ALTER TABLE audit.checkpoints ENABLE TRIGGER checkpoints_are_append_only;
ALTER TABLE audit.checkpoints
  ALTER COLUMN number SET NOT NULL,
  DROP CONSTRAINT checkpoints_pk,
  ADD CONSTRAINT checkpoints_pk PRIMARY KEY (tenant_id, chain, number);
CREATE INDEX checkpoints_by_size ON audit.checkpoints (tenant_id, chain, seq, number);

-- What witnesses signed: lines to be put behind the note.
CREATE TABLE audit.cosignatures (
  tenant_id text NOT NULL,
  chain text NOT NULL,
  number bigint NOT NULL,
  witness_id text NOT NULL,
  line text NOT NULL,
  cosigned_at timestamptz NOT NULL,
  CONSTRAINT cosignatures_pk PRIMARY KEY (tenant_id, chain, number, witness_id),
  CONSTRAINT cosignature_is_of_a_checkpoint FOREIGN KEY (tenant_id, chain, number) REFERENCES audit.checkpoints (tenant_id, chain, number)
);

-- Who countersigns the tenant's checkpoints, besides those that the cell is configured with. One that left is remembered: its cosignatures stay.
CREATE TABLE control.witnesses (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  vkey text NOT NULL,
  url text NOT NULL,
  required boolean NOT NULL DEFAULT false,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  removed_at timestamptz,
  CONSTRAINT witnesses_pk PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX witness_key_is_unique_in_its_tenant ON control.witnesses (tenant_id, vkey) WHERE removed_at IS NULL;

-- Up to which size a witness has seen a chain, and what it said when it refused.
CREATE TABLE audit.witness_positions (
  tenant_id text NOT NULL,
  witness_id text NOT NULL,
  chain text NOT NULL,
  size bigint NOT NULL DEFAULT 0,
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_error text,
  refused_at timestamptz,
  CONSTRAINT witness_positions_pk PRIMARY KEY (tenant_id, witness_id, chain)
);

-- Where events are streamed to, in the order of their chains. One that is switched off is told so first: it gets everything up to the event that says
-- so (`drain_event_id`).
CREATE TABLE control.audit_sinks (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CONSTRAINT sink_kind_is_known CHECK (kind IN ('webhook', 's3')),
  format text NOT NULL CONSTRAINT sink_format_is_known CHECK (format IN ('ocsf', 'cef', 'native')),
  endpoint text NOT NULL,
  secret_sealed bytea,
  -- Which events; null: all.
  types text[],
  shows_sensitive boolean NOT NULL DEFAULT false,
  enabled boolean NOT NULL DEFAULT true,
  drain_event_id text,
  removed_at timestamptz,
  failing_since timestamptz,
  version int NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_sinks_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT a_webhook_has_a_secret CHECK (kind <> 'webhook' OR secret_sealed IS NOT NULL)
);

CREATE TABLE audit.sink_positions (
  tenant_id text NOT NULL,
  sink_id text NOT NULL,
  chain text NOT NULL,
  delivered_seq bigint NOT NULL DEFAULT 0,
  delivered_at timestamptz,
  attempts int NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_error text,
  CONSTRAINT sink_positions_pk PRIMARY KEY (tenant_id, sink_id, chain),
  CONSTRAINT position_is_of_a_sink FOREIGN KEY (tenant_id, sink_id) REFERENCES control.audit_sinks
);

-- By what events are searched, filled after they are sealed, off the path of those who write them.
CREATE TABLE audit.search (
  tenant_id text NOT NULL,
  chain text NOT NULL,
  seq bigint NOT NULL,
  type text NOT NULL,
  at timestamptz NOT NULL,
  actor_id text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  CONSTRAINT search_pk PRIMARY KEY (tenant_id, chain, seq)
);
CREATE INDEX search_by_actor ON audit.search (tenant_id, chain, actor_id, seq);
CREATE INDEX search_by_subject ON audit.search (tenant_id, chain, subject_id, seq);

-- The body of an event ends with its retention. Its digest, its link and its leaf stay: that it was there, and when, is proven as before.
ALTER TABLE audit.events
  ALTER COLUMN body DROP NOT NULL,
  ADD COLUMN body_ended_at timestamptz,
  ADD CONSTRAINT a_body_is_there_or_has_ended CHECK ((body IS NULL) = (body_ended_at IS NOT NULL));

-- Sealed events never change but for that; unsealed ones may only be sealed; nothing is ever deleted. What may be is told by the condition, which
-- costs a sealing nothing.
CREATE OR REPLACE FUNCTION audit.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit.% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
DROP TRIGGER events_are_append_only ON audit.events;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON audit.events FOR EACH ROW EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER events_are_append_only BEFORE UPDATE ON audit.events FOR EACH ROW
  WHEN (NOT (
    (NEW.tenant_id, NEW.chain, NEW.id, NEW.pending_no, NEW.type, NEW.run_id, NEW.recorded_at)
      IS NOT DISTINCT FROM (OLD.tenant_id, OLD.chain, OLD.id, OLD.pending_no, OLD.type, OLD.run_id, OLD.recorded_at)
    AND ((OLD.seq IS NULL AND NEW.seq IS NOT NULL AND (NEW.body, NEW.body_ended_at) IS NOT DISTINCT FROM (OLD.body, OLD.body_ended_at))
      OR (OLD.seq IS NOT NULL AND OLD.body IS NOT NULL AND NEW.body IS NULL
          AND (NEW.seq, NEW.prev_hash, NEW.hash, NEW.line) IS NOT DISTINCT FROM (OLD.seq, OLD.prev_hash, OLD.hash, OLD.line)))))
  EXECUTE FUNCTION audit.refuse_rewriting();

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['tree_tiles', 'cosignatures']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON audit.%I FOR EACH ROW EXECUTE FUNCTION audit.refuse_rewriting()', t || '_are_append_only', t);
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON audit.%I EXECUTE FUNCTION audit.refuse_rewriting()', t || '_are_not_truncated', t);
  END LOOP;
END
$$;

-- The one way in which bodies end: of events that a checkpoint covers, that are older than `p_before`, and that no legal hold keeps. Gives how many
-- ended, and between which.
CREATE FUNCTION audit.end_retention(p_tenant_id text, p_chain text, p_before timestamptz, p_limit int)
  RETURNS TABLE (ended bigint, from_seq bigint, to_seq bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_tenant_id IS NULL OR NOT p_tenant_id = ANY (coalesce(app.tenant_ids(), '{}')) THEN
    RAISE EXCEPTION 'audit.end_retention: this transaction does not act for tenant %', p_tenant_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    WITH due AS (
      SELECT e.id FROM audit.events e
       WHERE e.tenant_id = p_tenant_id AND e.chain = p_chain AND e.body IS NOT NULL AND e.recorded_at < p_before
         AND e.seq <= (SELECT max(c.seq) FROM audit.checkpoints c WHERE c.tenant_id = p_tenant_id AND c.chain = p_chain)
         AND NOT control.is_held(e.tenant_id, split_part(e.chain, '/', 2), e.run_id, NULL, e.body::jsonb #>> '{actor,id}')
         AND NOT (e.run_id IS NOT NULL AND control.is_run_held(e.tenant_id, e.run_id))
       ORDER BY e.seq LIMIT p_limit),
    done AS (
      UPDATE audit.events e SET body = NULL, body_ended_at = clock_timestamp() FROM due WHERE e.tenant_id = p_tenant_id AND e.id = due.id RETURNING e.seq)
    SELECT count(*), min(done.seq), max(done.seq) FROM done;
END
$$;
REVOKE ALL ON FUNCTION audit.end_retention(text, text, timestamptz, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.end_retention(text, text, timestamptz, int) TO countersign_control;

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['audit.tree_tiles', 'audit.cosignatures', 'control.witnesses', 'audit.witness_positions', 'control.audit_sinks', 'audit.sink_positions', 'audit.search']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT ON audit.tree_tiles, audit.cosignatures, audit.search TO countersign_control;
GRANT SELECT, INSERT, UPDATE ON control.witnesses, audit.witness_positions, control.audit_sinks, audit.sink_positions TO countersign_control;
-- The worker builds evidence: it reads proofs, who countersigned, and who must have.
GRANT SELECT ON audit.tree_tiles, audit.cosignatures, control.witnesses TO countersign_execution;

RESET ROLE;
