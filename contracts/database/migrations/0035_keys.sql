-- Keys of tenants: random, and here only as another key has wrapped them (decision record 0036).

SET ROLE countersign_owner;

-- `kek` names the key that wrapped it. Wrapped bytes that are gone are gone for good: what was sealed under them is shredded, and the row proves it.
-- No foreign key to the tenant: that a key was shredded can be shown after its tenant has left.
CREATE TABLE control.wrapped_keys (
  tenant_id text NOT NULL,
  id text NOT NULL,
  kind text NOT NULL CONSTRAINT wrapped_key_kind_is_known CHECK (kind IN ('seal', 'sign')),
  purpose text NOT NULL,
  generation int NOT NULL CONSTRAINT wrapped_key_counts_from_one CHECK (generation >= 1),
  kek text NOT NULL,
  wrapped bytea,
  -- How often it has sealed: random nonces of 96 bits are good for 2^32 messages (NIST SP 800-38D, 8.3).
  seals bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rewrapped_at timestamptz,
  superseded_at timestamptz,
  shredded_at timestamptz,
  -- Of the newest: when everything that was sealed under those before it had been sealed anew, by the plane that may write it.
  control_resealed_at timestamptz,
  execution_resealed_at timestamptz,
  CONSTRAINT wrapped_keys_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT one_key_per_purpose_and_generation UNIQUE (tenant_id, kind, purpose, generation),
  CONSTRAINT key_is_wrapped_or_shredded CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL))
);

-- When a key begins to sign (others know it before that), and what is known of one that is not to be trusted any more.
ALTER TABLE control.signing_keys
  DROP CONSTRAINT signing_purpose_is_known,
  ADD CONSTRAINT signing_purpose_is_known CHECK (purpose IN ('policy_bundle', 'checkpoint', 'evidence', 'webhook', 'work_order')),
  ADD COLUMN not_before timestamptz,
  ADD COLUMN revoked_at timestamptz,
  ADD COLUMN revoked_by text,
  ADD COLUMN revoke_reason_digest text,
  ADD COLUMN compromised_since timestamptz,
  ADD CONSTRAINT a_revocation_says_who_why_and_since_when CHECK (num_nulls(revoked_at, revoked_by, revoke_reason_digest, compromised_since) IN (0, 4));
CREATE INDEX checkpoints_by_key ON audit.checkpoints (tenant_id, kid, signed_at);

-- A credential is sealed here, or stands elsewhere and is named. The secret before it still verifies webhooks until `previous_until`.
ALTER TABLE control.credentials
  ALTER COLUMN sealed DROP NOT NULL,
  DROP CONSTRAINT credential_kind_is_known,
  ADD CONSTRAINT credential_kind_is_known
    CHECK (kind IN ('basic', 'oauth_client_credentials', 'oauth_refresh_token', 'api_key', 'bearer', 'signed_jwt', 'client_certificate', 'webhook_secret')),
  ADD COLUMN secret_ref text,
  ADD COLUMN version int NOT NULL DEFAULT 1 CONSTRAINT credential_versions_count_from_one CHECK (version >= 1),
  ADD COLUMN previous_sealed bytea,
  ADD COLUMN previous_secret_ref text,
  ADD COLUMN previous_until timestamptz,
  ADD COLUMN removed_at timestamptz,
  ADD CONSTRAINT credential_is_sealed_here_or_kept_elsewhere CHECK (num_nonnulls(sealed, secret_ref) = CASE WHEN removed_at IS NULL THEN 1 ELSE 0 END),
  ADD CONSTRAINT previous_secret_is_one_and_ends CHECK (num_nonnulls(previous_sealed, previous_secret_ref) = num_nonnulls(previous_until)),
  -- The name of one that was removed may be used again.
  DROP CONSTRAINT credential_name_is_unique_in_its_tenant;
CREATE UNIQUE INDEX credential_name_is_unique_in_its_tenant ON control.credentials (tenant_id, name) WHERE removed_at IS NULL;

-- OAuth refresh tokens as their peers have rotated them, and the access token that came with each: one worker asks, all use the answer.
CREATE TABLE execution.refreshed_tokens (
  tenant_id text NOT NULL,
  credential_id text NOT NULL,
  -- A token that was stored anew begins anew.
  credential_version int NOT NULL,
  -- Counts the answers; 0: none yet.
  version int NOT NULL DEFAULT 0,
  refresh_sealed bytea,
  access_sealed bytea,
  access_expires_at timestamptz,
  -- Who asks now, and until when nobody else does: many peers take a refresh token that comes twice for a theft.
  asking_by text,
  asking_until timestamptz,
  CONSTRAINT refreshed_tokens_pk PRIMARY KEY (tenant_id, credential_id),
  CONSTRAINT whoever_asks_does_so_for_a_time CHECK ((asking_by IS NULL) = (asking_until IS NULL)),
  CONSTRAINT tokens_are_of_a_credential FOREIGN KEY (tenant_id, credential_id) REFERENCES control.credentials
);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.wrapped_keys', 'execution.refreshed_tokens']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

-- A worker may be the first to seal for a tenant, and counts what it seals; only the control plane replaces, re-wraps and shreds.
GRANT SELECT, INSERT ON control.wrapped_keys TO countersign_control, countersign_execution;
GRANT UPDATE (wrapped, kek, rewrapped_at, superseded_at, shredded_at, seals, control_resealed_at) ON control.wrapped_keys TO countersign_control;
GRANT UPDATE (seals, superseded_at, execution_resealed_at) ON control.wrapped_keys TO countersign_execution;
GRANT SELECT, INSERT, UPDATE, DELETE ON execution.refreshed_tokens TO countersign_execution;
GRANT SELECT ON execution.refreshed_tokens TO countersign_control;

RESET ROLE;
