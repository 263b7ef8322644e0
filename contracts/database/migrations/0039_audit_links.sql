-- Sealing adds narrow rows and changes none: the links of a chain stand beside its events, and what is not sealed yet stands in a list of its own
-- (decision record 0042).

SET ROLE countersign_owner;

-- The links of the chains. `line` is what is hashed and exported: the canonical JSON (RFC 8785) of a link, made of its three members.
CREATE TABLE audit.links (
  tenant_id text NOT NULL,
  chain text NOT NULL,
  seq bigint NOT NULL,
  event_id text NOT NULL,
  body_sha256 bytea NOT NULL,
  prev_hash bytea NOT NULL,
  hash bytea NOT NULL,
  line text GENERATED ALWAYS AS ('{"body_sha256":"' || encode(body_sha256, 'hex') || '","prev_hash":"' || encode(prev_hash, 'hex') || '","seq":' || seq || '}') VIRTUAL,
  CONSTRAINT links_pk PRIMARY KEY (tenant_id, chain, seq),
  CONSTRAINT an_event_is_sealed_once UNIQUE (tenant_id, event_id),
  CONSTRAINT a_link_holds_digests CHECK (octet_length(body_sha256) = 32 AND octet_length(prev_hash) = 32 AND octet_length(hash) = 32)
);

-- Events that are not sealed yet: a row per chain and append, in the order in which they are to be sealed. Whatever commits late is found here
-- when it does. `bodies_sha256` has 32 bytes per event, computed by whoever appends them in the transaction that they describe: sealing reads no body.
CREATE TABLE audit.pending (
  tenant_id text NOT NULL,
  no bigint GENERATED ALWAYS AS IDENTITY,
  chain text NOT NULL,
  event_ids text[] NOT NULL,
  bodies_sha256 bytea NOT NULL,
  CONSTRAINT pending_pk PRIMARY KEY (tenant_id, no),
  CONSTRAINT a_digest_per_event CHECK (cardinality(event_ids) > 0 AND octet_length(bodies_sha256) = 32 * cardinality(event_ids))
);

-- Digests do not compress, and a row lives for a moment.
ALTER TABLE audit.pending ALTER COLUMN event_ids SET STORAGE EXTERNAL, ALTER COLUMN bodies_sha256 SET STORAGE EXTERNAL;

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['audit.links', 'audit.pending']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;
-- Both are written by the functions below and by nothing else.
GRANT SELECT ON audit.links, audit.pending TO countersign_control, countersign_execution;

-- What is sealed already keeps its place, byte for byte. Row-level security is forced on the owner too: this acts for every tenant by name.
SELECT set_config('app.tenant_id', coalesce((SELECT string_agg(tenant_id, ',') FROM control.tenant_directory), ''), true);
INSERT INTO audit.links (tenant_id, chain, seq, event_id, body_sha256, prev_hash, hash)
  SELECT tenant_id, chain, seq, id, decode(line::jsonb ->> 'body_sha256', 'hex'), decode(prev_hash, 'hex'), decode(hash, 'hex') FROM audit.events WHERE seq IS NOT NULL;
INSERT INTO audit.pending (tenant_id, chain, event_ids, bodies_sha256)
  SELECT tenant_id, chain, array_agg(id ORDER BY pending_no), string_agg(sha256(convert_to(body, 'UTF8')), '' ORDER BY pending_no) FROM audit.events WHERE seq IS NULL GROUP BY tenant_id, chain, pending_no / 1000 ORDER BY min(pending_no);
DO $$
BEGIN
  IF EXISTS (SELECT FROM audit.events e LEFT JOIN audit.links l ON (l.tenant_id, l.event_id) = (e.tenant_id, e.id) WHERE e.seq IS NOT NULL AND e.line IS DISTINCT FROM l.line) THEN
    RAISE EXCEPTION 'an event of the audit is sealed by a line that is not the canonical JSON of a link: verify the audit with the version before this one';
  END IF;
END
$$;
SELECT set_config('app.tenant_id', '', true);

DROP TRIGGER events_are_append_only ON audit.events;
DROP INDEX audit.events_pending, audit.seq_is_unique_in_its_chain, audit.events_of_a_run;
ALTER TABLE audit.events
  DROP CONSTRAINT sealed_whole_or_not_at_all,
  DROP COLUMN seq, DROP COLUMN prev_hash, DROP COLUMN hash, DROP COLUMN line;
CREATE INDEX events_of_a_run ON audit.events (tenant_id, run_id) WHERE run_id IS NOT NULL;

-- Events never change but for a body that ends; links never change. Nothing is ever deleted but from the list of what is pending, by being sealed.
CREATE TRIGGER events_are_append_only BEFORE UPDATE ON audit.events FOR EACH ROW
  WHEN (NOT (
    (NEW.tenant_id, NEW.chain, NEW.id, NEW.pending_no, NEW.type, NEW.run_id, NEW.recorded_at)
      IS NOT DISTINCT FROM (OLD.tenant_id, OLD.chain, OLD.id, OLD.pending_no, OLD.type, OLD.run_id, OLD.recorded_at)
    AND OLD.body IS NOT NULL AND NEW.body IS NULL))
  EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER links_are_append_only BEFORE UPDATE OR DELETE ON audit.links FOR EACH ROW EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER links_are_not_truncated BEFORE TRUNCATE ON audit.links EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER pending_is_not_rewritten BEFORE UPDATE ON audit.pending FOR EACH ROW EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER pending_is_not_truncated BEFORE TRUNCATE ON audit.pending EXECUTE FUNCTION audit.refuse_rewriting();

CREATE OR REPLACE FUNCTION audit.append(p_tenant_id text, p_chain text, p_id text, p_type text, p_run_id text, p_body text)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_tenant_id IS NULL OR NOT p_tenant_id = ANY (coalesce(app.tenant_ids(), '{}')) THEN
    RAISE EXCEPTION 'audit.append: this transaction does not act for tenant %', p_tenant_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO audit.events (tenant_id, chain, id, type, run_id, body)
    VALUES (p_tenant_id, p_chain, p_id, p_type, p_run_id, p_body);
  INSERT INTO audit.pending (tenant_id, chain, event_ids, bodies_sha256) VALUES (p_tenant_id, p_chain, ARRAY[p_id], sha256(convert_to(p_body, 'UTF8')));
END
$$;

CREATE OR REPLACE FUNCTION audit.append_all(p_tenant_ids text[], p_chains text[], p_ids text[], p_types text[], p_run_ids text[], p_bodies text[],
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
  INSERT INTO audit.pending (tenant_id, chain, event_ids, bodies_sha256)
    SELECT e.tenant_id, e.chain, array_agg(e.id ORDER BY e.at), string_agg(sha256(convert_to(e.body, 'UTF8')), '' ORDER BY e.at)
      FROM unnest(p_tenant_ids, p_chains, p_ids, p_bodies, p_units) WITH ORDINALITY AS e(tenant_id, chain, id, body, unit, at)
     WHERE p_kept IS NULL OR e.unit = ANY (p_kept)
     GROUP BY e.tenant_id, e.chain;
  RETURN appended;
END
$$;

-- The one way to seal: events that are pending, all of a row, behind the heads as they were read. The order is that of chain (by bytes), row and
-- place in the row; `p_digests` has 96 bytes per event in that order: body_sha256, prev_hash, hash. Gives how many events were sealed: all that are
-- taken from the list, each with the digest that was computed when it was appended, or none.
CREATE FUNCTION audit.seal(p_tenant_id text, p_nos bigint[], p_digests bytea, p_chains text[], p_seqs bigint[], p_new_seqs bigint[], p_hashes text[], p_frontiers bytea[])
  RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  sealed bigint;
  unlisted bigint;
  moved bigint;
BEGIN
  IF p_tenant_id IS NULL OR NOT p_tenant_id = ANY (coalesce(app.tenant_ids(), '{}')) THEN
    RAISE EXCEPTION 'audit.seal: this transaction does not act for tenant %', p_tenant_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- `|| ''` fetches the digests of a row once; `substring` would look into the table's long values for each event
  WITH taken AS (
    DELETE FROM audit.pending p WHERE p.tenant_id = p_tenant_id AND p.no = ANY (p_nos) RETURNING p.no, p.chain, p.event_ids, p.bodies_sha256 || '' AS bodies_sha256),
  placed AS (
    SELECT t.chain, t.event_ids, t.bodies_sha256, h.seq + sum(cardinality(t.event_ids)) OVER (PARTITION BY t.chain COLLATE "C" ORDER BY t.no) - cardinality(t.event_ids) AS seq_before,
           (sum(cardinality(t.event_ids)) OVER (ORDER BY t.chain COLLATE "C", t.no) - cardinality(t.event_ids))::int AS events_before
      FROM taken t JOIN unnest(p_chains, p_seqs) AS h(chain, seq) USING (chain)),
  linked AS (
    INSERT INTO audit.links (tenant_id, chain, seq, event_id, body_sha256, prev_hash, hash)
    SELECT p_tenant_id, p.chain, p.seq_before + i.at, i.id,
           substring(p_digests FROM 96 * (p.events_before + i.at::int) - 95 FOR 32), substring(p_digests FROM 96 * (p.events_before + i.at::int) - 63 FOR 32),
           substring(p_digests FROM 96 * (p.events_before + i.at::int) - 31 FOR 32)
      FROM placed p CROSS JOIN LATERAL unnest(p.event_ids) WITH ORDINALITY AS i(id, at)
     WHERE substring(p_digests FROM 96 * (p.events_before + i.at::int) - 95 FOR 32) = substring(p.bodies_sha256 FROM 32 * i.at::int - 31 FOR 32)
    RETURNING 1)
  SELECT (SELECT count(*) FROM linked), (SELECT coalesce(sum(cardinality(t.event_ids)), 0) FROM taken t) INTO sealed, unlisted;
  INSERT INTO audit.chain_heads AS h (tenant_id, chain, seq, hash, tree_size, frontier)
    SELECT p_tenant_id, n.chain, n.new_seq, n.hash, n.new_seq, n.frontier FROM unnest(p_chains, p_seqs, p_new_seqs, p_hashes, p_frontiers) AS n(chain, seq, new_seq, hash, frontier)
    ON CONFLICT (tenant_id, chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, tree_size = excluded.tree_size, frontier = excluded.frontier
      -- from where it was read, with a tree that is whole
      WHERE h.seq = (SELECT s.seq FROM unnest(p_chains, p_seqs) AS s(chain, seq) WHERE s.chain = excluded.chain) AND h.tree_size = h.seq;
  GET DIAGNOSTICS moved = ROW_COUNT;
  IF sealed <> unlisted OR sealed * 96 <> octet_length(p_digests) OR moved <> cardinality(p_chains) OR sealed <> (SELECT sum(n.new_seq - n.seq) FROM unnest(p_seqs, p_new_seqs) AS n(seq, new_seq)) THEN
    RAISE EXCEPTION 'audit.seal: what is pending, or a head, is not what was read' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN sealed;
END
$$;
REVOKE ALL ON FUNCTION audit.seal(text, bigint[], bytea, text[], bigint[], bigint[], text[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.seal(text, bigint[], bytea, text[], bigint[], bigint[], text[], bytea[]) TO countersign_control;
-- Beside it, only a tree that is behind is caught up with, and search moves on.
REVOKE INSERT, UPDATE ON audit.chain_heads FROM countersign_control;
GRANT UPDATE (tree_size, frontier, searchable_seq) ON audit.chain_heads TO countersign_control;

CREATE OR REPLACE FUNCTION audit.end_retention(p_tenant_id text, p_chain text, p_before timestamptz, p_limit int)
  RETURNS TABLE (ended bigint, from_seq bigint, to_seq bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_tenant_id IS NULL OR NOT p_tenant_id = ANY (coalesce(app.tenant_ids(), '{}')) THEN
    RAISE EXCEPTION 'audit.end_retention: this transaction does not act for tenant %', p_tenant_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    WITH due AS (
      SELECT e.id, l.seq FROM audit.links l JOIN audit.events e ON (e.tenant_id, e.id) = (l.tenant_id, l.event_id)
       WHERE l.tenant_id = p_tenant_id AND l.chain = p_chain AND e.body IS NOT NULL AND e.recorded_at < p_before
         AND l.seq <= (SELECT max(c.seq) FROM audit.checkpoints c WHERE c.tenant_id = p_tenant_id AND c.chain = p_chain)
         AND NOT control.is_held(e.tenant_id, split_part(e.chain, '/', 2), e.run_id, NULL, e.body::jsonb #>> '{actor,id}')
         AND NOT (e.run_id IS NOT NULL AND control.is_run_held(e.tenant_id, e.run_id))
       ORDER BY l.seq LIMIT p_limit),
    done AS (
      UPDATE audit.events e SET body = NULL, body_ended_at = clock_timestamp() FROM due WHERE e.tenant_id = p_tenant_id AND e.id = due.id RETURNING due.seq)
    SELECT count(*), min(done.seq), max(done.seq) FROM done;
END
$$;

RESET ROLE;
