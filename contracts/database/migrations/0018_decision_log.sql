-- The decision log: what policy was asked, by which bundle it was decided, and what would have been decided beside it. Kill switches, the
-- tenant's time zone and the strength and age of sign-ins, which policy judges by (decision records 0022 and 0023).
SET ROLE countersign_owner;

-- `masked_input` is metadata and stays; `input_sealed` is the whole canonical input under the tenant's key, kept as long as content is.
ALTER TABLE execution.decisions
  ADD COLUMN workspace_id text,
  ADD COLUMN environment_id text,
  ADD COLUMN workflow text,
  ADD COLUMN principal_id text,
  ADD COLUMN path text,
  ADD COLUMN bundle_expires_at timestamptz,
  ADD COLUMN masked_input jsonb,
  -- OPA's way to say what is not there: pointers such as /input/parameters/short_description
  ADD COLUMN erased text[] NOT NULL DEFAULT '{}',
  ADD COLUMN input_sealed bytea,
  ADD COLUMN input_shredded_at timestamptz,
  ADD COLUMN shadows jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN differs boolean NOT NULL DEFAULT false,
  ADD COLUMN routed_from text;
CREATE INDEX decisions_of_an_environment ON execution.decisions (tenant_id, environment_id, decided_at DESC, id);
CREATE INDEX decisions_that_shadow_differs_from ON execution.decisions (tenant_id, environment_id, decided_at DESC) WHERE differs;
CREATE INDEX decisions_to_shred ON execution.decisions (tenant_id, decided_at) WHERE input_sealed IS NOT NULL;
-- The worker shreds what its retention is over for; nothing else of a decision is ever changed.
GRANT UPDATE (input_sealed, input_shredded_at) ON execution.decisions TO countersign_execution;

ALTER TABLE control.tenants ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';

-- What a voter's sign-in must be where policy asks for a step up; null where it does not.
ALTER TABLE control.approvals
  ADD COLUMN min_strength text,
  ADD COLUMN max_sign_in_age_ms bigint,
  ADD CONSTRAINT step_up_says_both CHECK (num_nulls(min_strength, max_sign_in_age_ms) IN (0, 2));
-- When the voter had signed in; null where that is not known, which counts as too old.
ALTER TABLE control.approval_votes ADD COLUMN signed_in_at timestamptz;

CREATE TABLE control.kill_switches (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  scope text NOT NULL CONSTRAINT kill_switch_scope_is_known CHECK (scope IN ('tenant', 'workspace', 'environment', 'workflow')),
  -- The id of what is stopped; the tenant's own for the whole tenant.
  target_id text NOT NULL,
  reason text NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  released_by text,
  release_reason text,
  released_at timestamptz,
  CONSTRAINT kill_switches_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT release_is_whole CHECK (num_nulls(released_by, release_reason, released_at) IN (0, 3))
);
CREATE UNIQUE INDEX one_active_kill_switch ON control.kill_switches (tenant_id, scope, target_id) WHERE released_at IS NULL;

ALTER TABLE control.kill_switches ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.kill_switches FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON control.kill_switches TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON control.kill_switches TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON control.kill_switches TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
GRANT SELECT, INSERT ON control.kill_switches TO countersign_control;
GRANT UPDATE (released_by, release_reason, released_at) ON control.kill_switches TO countersign_control;
GRANT SELECT ON control.kill_switches TO countersign_execution;

RESET ROLE;
