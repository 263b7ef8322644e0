-- Evidence v2 (an in-toto statement, decision record 0038), and evidence for more than one run.

SET ROLE countersign_owner;

-- `kid`: what a signing key signed is looked up by it. Bundles of before have none: they were signed by the tenant's first key.
ALTER TABLE execution.evidence
  ADD COLUMN format text NOT NULL DEFAULT 'v1' CONSTRAINT evidence_format_is_known CHECK (format IN ('v1', 'v2')),
  ADD COLUMN kid text,
  ADD COLUMN statement_sha256 text,
  ADD CONSTRAINT evidence_of_v2_says_what_was_signed_by_which_key CHECK (format = 'v1' OR num_nulls(kid, statement_sha256) = 0);

-- Evidence for an approval, a policy release, a period and what else is to be shown. It is built once and never changed.
CREATE TABLE control.evidence_packages (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  kind text NOT NULL CONSTRAINT package_kind_is_known CHECK (kind IN ('approval', 'policy_release', 'period', 'erasure', 'break_glass', 'tenant_move')),
  -- What it is about; the range in words for a period.
  subject_id text NOT NULL,
  from_at timestamptz,
  to_at timestamptz,
  include_runs boolean NOT NULL DEFAULT false,
  state text NOT NULL DEFAULT 'requested' CONSTRAINT package_state_is_known CHECK (state IN ('requested', 'building', 'built', 'failed')),
  -- While it is building: until when whoever builds it has it for itself.
  claimed_until timestamptz,
  object_key text,
  sha256 text,
  size_bytes bigint,
  kid text,
  -- How many runs it shows.
  runs int,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  built_at timestamptz,
  error jsonb,
  CONSTRAINT evidence_packages_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT package_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT a_period_has_a_beginning_and_an_end CHECK (num_nulls(from_at, to_at) = CASE WHEN kind = 'period' THEN 0 ELSE 2 END),
  CONSTRAINT a_built_package_is_whole CHECK ((state = 'built') = (num_nulls(object_key, sha256, size_bytes, kid, built_at) = 0))
);
CREATE INDEX packages_of_a_workspace ON control.evidence_packages (tenant_id, workspace_id, requested_at DESC, id DESC);
CREATE INDEX packages_to_build ON control.evidence_packages (tenant_id, requested_at, id) WHERE state IN ('requested', 'building');

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.evidence_packages']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON control.evidence_packages TO countersign_control;
-- A worker keeps no package; it is held to the same policy as everybody.
GRANT SELECT ON control.evidence_packages TO countersign_execution;

RESET ROLE;
