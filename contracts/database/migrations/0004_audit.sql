-- The audit trail: append-only, written through one function, in the transaction of what it describes.

SET ROLE countersign_owner;

-- Pending events have no `seq`; the sequencer of their chain seals them in order. `body` is the event as canonical JSON (RFC 8785)
-- without seq and prev_hash; the sealed line adds both, and `hash` is the SHA-256 of that line's bytes.
CREATE TABLE audit.events (
  tenant_id text NOT NULL,
  chain text NOT NULL,
  id text NOT NULL,
  pending_no bigint GENERATED ALWAYS AS IDENTITY,
  type text NOT NULL,
  run_id text,
  body text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seq bigint,
  prev_hash text,
  hash text,
  line text,
  CONSTRAINT events_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT seq_is_unique_in_its_chain UNIQUE (tenant_id, chain, seq),
  CONSTRAINT sealed_whole_or_not_at_all CHECK (num_nulls(seq, prev_hash, hash, line) IN (0, 4))
);
CREATE INDEX events_pending ON audit.events (tenant_id, chain, pending_no) WHERE seq IS NULL;
CREATE INDEX events_of_a_run ON audit.events (tenant_id, run_id, seq) WHERE run_id IS NOT NULL;

-- One head per chain (tenant/workspace). Locked by the one sequencer that seals.
CREATE TABLE audit.chain_heads (
  tenant_id text NOT NULL,
  chain text NOT NULL,
  seq bigint NOT NULL DEFAULT 0,
  hash text NOT NULL,
  CONSTRAINT chain_heads_pk PRIMARY KEY (tenant_id, chain)
);

-- Signed heads. Each names the one before it; the note is also in the object store.
CREATE TABLE audit.checkpoints (
  tenant_id text NOT NULL,
  chain text NOT NULL,
  seq bigint NOT NULL,
  id text NOT NULL,
  hash text NOT NULL,
  previous_checkpoint_sha256 text,
  body text NOT NULL,
  signature text NOT NULL,
  kid text NOT NULL,
  object_key text NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT checkpoints_pk PRIMARY KEY (tenant_id, chain, seq)
);

-- The one way in. It refuses to write for a tenant that the transaction does not act for.
CREATE FUNCTION audit.append(p_tenant_id text, p_chain text, p_id text, p_type text, p_run_id text, p_body text)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_tenant_id IS NULL OR NOT p_tenant_id = ANY (coalesce(app.tenant_ids(), '{}')) THEN
    RAISE EXCEPTION 'audit.append: this transaction does not act for tenant %', p_tenant_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO audit.events (tenant_id, chain, id, type, run_id, body)
    VALUES (p_tenant_id, p_chain, p_id, p_type, p_run_id, p_body);
END
$$;

-- Sealed events never change; unsealed ones may only be sealed; nothing is ever deleted.
CREATE FUNCTION audit.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND NEW.seq IS NOT NULL
     AND (NEW.tenant_id, NEW.chain, NEW.id, NEW.pending_no, NEW.type, NEW.run_id, NEW.body, NEW.recorded_at)
         IS NOT DISTINCT FROM (OLD.tenant_id, OLD.chain, OLD.id, OLD.pending_no, OLD.type, OLD.run_id, OLD.body, OLD.recorded_at) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'audit.% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE ON audit.events FOR EACH ROW EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER checkpoints_are_append_only BEFORE UPDATE OR DELETE ON audit.checkpoints FOR EACH ROW EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON audit.events EXECUTE FUNCTION audit.refuse_rewriting();
CREATE TRIGGER checkpoints_are_not_truncated BEFORE TRUNCATE ON audit.checkpoints EXECUTE FUNCTION audit.refuse_rewriting();

RESET ROLE;
