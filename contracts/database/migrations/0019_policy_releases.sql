-- Policy as a product: drafts and versions of each layer, releases that put a stack of versions in force in an environment, gates before
-- them, a bundle per environment and mode, and signing keys that rotate (decision record 0024).
SET ROLE countersign_owner;

-- A layer is the tenant's, a workspace's or an environment's. A draft is kept with what the compiler said of it; nobody else sees it.
CREATE TABLE control.policy_drafts (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  workspace_id text,
  environment_id text,
  layer text NOT NULL GENERATED ALWAYS AS (coalesce(environment_id, workspace_id, 'tenant')) STORED,
  -- Whose stack it was compiled on.
  compiled_on text NOT NULL,
  -- Canonical JSON of {files, data, packs}; `digest` is of these bytes.
  source text NOT NULL,
  digest text NOT NULL,
  -- As in the source; of the tenant's layer only.
  packs jsonb,
  stack_digest text NOT NULL,
  valid boolean NOT NULL,
  errors int NOT NULL,
  warnings int NOT NULL,
  -- As text: what it quotes of the sources must come out as it went in.
  report text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT policy_drafts_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT draft_is_of_one_layer CHECK (num_nonnulls(workspace_id, environment_id) <= 1),
  CONSTRAINT draft_is_of_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT draft_is_of_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments,
  CONSTRAINT draft_is_compiled_on_an_environment FOREIGN KEY (tenant_id, compiled_on) REFERENCES control.environments
);
CREATE INDEX policy_drafts_of_a_layer ON control.policy_drafts (tenant_id, layer, created_at DESC, id DESC);

-- Published versions never change: no role is granted UPDATE or DELETE. The source is in the object store under its digest.
CREATE TABLE control.policy_versions (
  tenant_id text NOT NULL REFERENCES control.tenants,
  workspace_id text,
  environment_id text,
  layer text NOT NULL GENERATED ALWAYS AS (coalesce(environment_id, workspace_id, 'tenant')) STORED,
  version int NOT NULL CONSTRAINT policy_version_counts_from_one CHECK (version >= 1),
  digest text NOT NULL,
  object_key text NOT NULL,
  -- Of the tenant's layer only.
  packs jsonb,
  message text NOT NULL,
  draft_id text NOT NULL,
  published_by text NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT policy_versions_pk PRIMARY KEY (tenant_id, layer, version),
  CONSTRAINT policy_content_is_published_once UNIQUE (tenant_id, layer, digest),
  CONSTRAINT policy_version_is_of_one_layer CHECK (num_nonnulls(workspace_id, environment_id) <= 1),
  CONSTRAINT the_tenant_chooses_the_packs CHECK ((packs IS NULL) = (num_nonnulls(workspace_id, environment_id) = 1)),
  CONSTRAINT policy_version_is_of_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT policy_version_is_of_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments
);

CREATE TABLE control.policy_release_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT policy_release_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);

-- What was put in force where, by whom and why. `number` counts the releases of an environment and mode.
CREATE TABLE control.policy_releases (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  environment_id text NOT NULL,
  mode text NOT NULL CONSTRAINT release_mode_is_known CHECK (mode IN ('enforce', 'shadow')),
  number int NOT NULL CONSTRAINT release_number_counts_from_one CHECK (number >= 1),
  kind text NOT NULL CONSTRAINT release_kind_is_known CHECK (kind IN ('release', 'promote', 'rollback')),
  layer text,
  version int,
  from_release_id text,
  -- What was in force when it was asked for; a blocked one is only released on top of the same.
  on_release_id text,
  packs jsonb NOT NULL,
  tenant_layer text NOT NULL DEFAULT 'tenant' CONSTRAINT tenant_layer_is_its_name CHECK (tenant_layer = 'tenant'),
  tenant_version int,
  workspace_version int,
  environment_version int,
  stack_digest text NOT NULL,
  -- The compiled parts and the difference to what was in force, in the object store under their digests.
  parts_key text NOT NULL,
  diff_key text NOT NULL,
  previous_state text NOT NULL DEFAULT 'new',
  state text NOT NULL,
  reason text NOT NULL,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  replay_id text,
  -- What the gate said, in the words of the API; null where it was not asked.
  gate jsonb,
  overridden_by text,
  override_reason text,
  released_at timestamptz,
  ended_by text,
  ended_at timestamptz,
  withdraw_reason text,
  CONSTRAINT policy_releases_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT release_number_is_given_once UNIQUE (tenant_id, environment_id, mode, number),
  CONSTRAINT policy_release_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES control.policy_release_legal_transitions (from_state, to_state),
  CONSTRAINT override_is_whole CHECK (num_nulls(overridden_by, override_reason) IN (0, 2)),
  CONSTRAINT nobody_overrides_for_themselves CHECK (overridden_by <> requested_by),
  CONSTRAINT release_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT release_is_in_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments,
  CONSTRAINT release_follows_another FOREIGN KEY (tenant_id, from_release_id) REFERENCES control.policy_releases,
  CONSTRAINT release_stands_on_another FOREIGN KEY (tenant_id, on_release_id) REFERENCES control.policy_releases,
  CONSTRAINT release_has_a_tenant_version FOREIGN KEY (tenant_id, tenant_layer, tenant_version) REFERENCES control.policy_versions (tenant_id, layer, version),
  CONSTRAINT release_has_a_workspace_version FOREIGN KEY (tenant_id, workspace_id, workspace_version) REFERENCES control.policy_versions (tenant_id, layer, version),
  CONSTRAINT release_has_an_environment_version FOREIGN KEY (tenant_id, environment_id, environment_version) REFERENCES control.policy_versions (tenant_id, layer, version)
);
CREATE UNIQUE INDEX one_release_in_force ON control.policy_releases (tenant_id, environment_id, mode) WHERE state = 'released';
CREATE INDEX policy_releases_by_time ON control.policy_releases (tenant_id, workspace_id, requested_at DESC, id DESC);
CREATE TRIGGER policy_releases_remember_where_they_came_from BEFORE INSERT OR UPDATE ON control.policy_releases FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();

-- What a replay must show before policy is released in an environment. `version` is the ETag; a limit that is null is none.
CREATE TABLE control.policy_gates (
  tenant_id text NOT NULL,
  environment_id text NOT NULL,
  enabled boolean NOT NULL,
  max_replay_age_s int NOT NULL CONSTRAINT replay_age_is_positive CHECK (max_replay_age_s > 0),
  min_decisions int NOT NULL CONSTRAINT min_decisions_is_not_negative CHECK (min_decisions >= 0),
  max_changed_share double precision CONSTRAINT changed_share_is_a_share CHECK (max_changed_share BETWEEN 0 AND 1),
  max_newly_denied_runs int CONSTRAINT newly_denied_runs_is_not_negative CHECK (max_newly_denied_runs >= 0),
  max_extra_approval_minutes double precision CONSTRAINT extra_approval_minutes_is_not_negative CHECK (max_extra_approval_minutes >= 0),
  version int NOT NULL DEFAULT 1,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT policy_gates_pk PRIMARY KEY (tenant_id, environment_id),
  CONSTRAINT gate_is_of_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments
);

-- A bundle per environment and mode, each with a sequence of its own. `release_id` is null for what is shipped. The expiry that decides is
-- in the signature; here a bundle of a shadow release ends early when that is withdrawn.
ALTER TABLE control.policy_bundles
  DROP CONSTRAINT policy_bundles_pk,
  ADD CONSTRAINT policy_bundles_pk PRIMARY KEY (tenant_id, scope, seq),
  ADD COLUMN release_id text,
  ADD COLUMN kid text,
  ADD CONSTRAINT bundle_is_of_a_release FOREIGN KEY (tenant_id, release_id) REFERENCES control.policy_releases;
CREATE INDEX policy_bundles_by_key ON control.policy_bundles (tenant_id, kid, expires_at);

-- `generation` tells the keys port which key of a purpose it is. The newest signs; those before it verify until they are retired.
ALTER TABLE control.signing_keys
  ADD COLUMN generation int NOT NULL DEFAULT 1 CONSTRAINT key_generation_counts_from_one CHECK (generation >= 1),
  ADD COLUMN superseded_at timestamptz;

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.policy_drafts', 'control.policy_versions', 'control.policy_releases', 'control.policy_gates']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, DELETE ON control.policy_drafts TO countersign_control;
GRANT SELECT, INSERT ON control.policy_versions, control.policy_releases TO countersign_control;
GRANT UPDATE (state, overridden_by, override_reason, released_at, ended_by, ended_at, withdraw_reason) ON control.policy_releases TO countersign_control;
GRANT SELECT, INSERT, UPDATE ON control.policy_gates TO countersign_control;
GRANT UPDATE (expires_at) ON control.policy_bundles TO countersign_control;
GRANT SELECT ON control.policy_release_legal_transitions TO countersign_control, countersign_execution;
GRANT SELECT ON control.policy_releases TO countersign_execution;

RESET ROLE;
