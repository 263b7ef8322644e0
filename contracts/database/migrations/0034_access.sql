-- Machines (API keys with scopes, OAuth clients, access tokens, federations), roles (of groups, of a tenant's own, for a time), change
-- requests that a second person decides, break-glass, and what a tenant demands of whoever calls the API (decision record 0035).

SET ROLE countersign_owner;

-- A role is held directly, by a group, or for the time of a break-glass: each is a row of its own, so that whoever looks here (the worker
-- that consumes an approval, too) needs to know one table only.
ALTER TABLE control.role_assignments
  ADD COLUMN source text NOT NULL DEFAULT 'direct'
    CONSTRAINT role_source_is_known CHECK (source = 'direct' OR source ~ '^(group:grp|break_glass:bgl)_[0-9a-z]{26}$'),
  ADD COLUMN granted_by text,
  -- An expired row grants nothing, whether or not somebody has removed it.
  ADD COLUMN expires_at timestamptz,
  DROP CONSTRAINT role_assignments_pk,
  ADD CONSTRAINT role_assignments_pk PRIMARY KEY (tenant_id, workspace_id, principal_id, role, source),
  DROP CONSTRAINT role_is_known,
  ADD CONSTRAINT role_is_known CHECK (role IN ('viewer', 'operator', 'author', 'approver', 'policy-admin', 'auditor', 'admin') OR role ~ '^rol_[0-9a-z]{26}$');
CREATE INDEX role_assignments_of_a_principal ON control.role_assignments (tenant_id, principal_id);

-- What members of a group hold; its rows in role_assignments follow.
CREATE TABLE control.group_roles (
  tenant_id text NOT NULL,
  group_id text NOT NULL,
  workspace_id text NOT NULL,
  role text NOT NULL CONSTRAINT group_role_is_known CHECK (role IN ('viewer', 'operator', 'author', 'approver', 'policy-admin', 'auditor', 'admin') OR role ~ '^rol_[0-9a-z]{26}$'),
  granted_by text NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT group_roles_pk PRIMARY KEY (tenant_id, group_id, workspace_id, role),
  CONSTRAINT role_is_given_to_a_group FOREIGN KEY (tenant_id, group_id) REFERENCES control.groups,
  CONSTRAINT group_role_is_given_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);

CREATE TABLE control.custom_roles (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  name text NOT NULL CONSTRAINT custom_role_name_is_not_empty CHECK (length(trim(name)) > 0),
  permissions text[] NOT NULL,
  version int NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  archived_at timestamptz,
  CONSTRAINT custom_roles_pk PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX custom_role_name_is_unique ON control.custom_roles (tenant_id, lower(name)) WHERE archived_at IS NULL;

ALTER TABLE control.api_keys
  -- Null: where its principal works. A key that names one works nowhere else.
  ADD COLUMN workspace_id text,
  -- Null: all that its principal may.
  ADD COLUMN scopes text[],
  ADD COLUMN created_by text,
  -- The key that took this one's place; this one ends when the overlap does.
  ADD COLUMN replaced_by text,
  ADD CONSTRAINT api_key_is_for_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  ADD CONSTRAINT api_key_is_replaced_by_a_key FOREIGN KEY (tenant_id, replaced_by) REFERENCES control.api_keys;
CREATE INDEX api_keys_of_a_principal ON control.api_keys (tenant_id, principal_id, created_at DESC);

-- A program that asks for access tokens with a secret of its own (RFC 6749, 4.4). Two secrets hold while it is rotated.
CREATE TABLE control.oauth_clients (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL CONSTRAINT client_name_is_not_empty CHECK (length(trim(name)) > 0),
  principal_id text NOT NULL,
  secret_sha256 text NOT NULL,
  previous_secret_sha256 text,
  previous_until timestamptz,
  scopes text[] NOT NULL,
  workspace_id text,
  token_ttl_s int NOT NULL DEFAULT 900 CONSTRAINT client_tokens_are_short CHECK (token_ttl_s BETWEEN 60 AND 3600),
  version int NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz,
  disabled_at timestamptz,
  deleted_at timestamptz,
  CONSTRAINT oauth_clients_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT client_acts_for_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals,
  CONSTRAINT client_is_for_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT a_previous_secret_ends CHECK ((previous_secret_sha256 IS NULL) = (previous_until IS NULL))
);

-- Whose tokens of another issuer (a CI system's) are exchanged for ours (RFC 8693), and what must be true of them.
CREATE TABLE control.federations (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL CONSTRAINT federation_name_is_not_empty CHECK (length(trim(name)) > 0),
  issuer text NOT NULL,
  audience text NOT NULL,
  principal_id text NOT NULL,
  -- [{claim, equals} | {claim, glob}], all of which must hold; never empty.
  conditions jsonb NOT NULL CONSTRAINT federation_has_conditions CHECK (jsonb_array_length(conditions) > 0),
  scopes text[] NOT NULL,
  workspace_id text,
  token_ttl_s int NOT NULL DEFAULT 900 CONSTRAINT federated_tokens_are_short CHECK (token_ttl_s BETWEEN 60 AND 3600),
  enabled boolean NOT NULL DEFAULT true,
  version int NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz,
  deleted_at timestamptz,
  CONSTRAINT federations_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT federation_acts_for_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals,
  CONSTRAINT federation_is_for_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);
CREATE INDEX federations_of_an_issuer ON control.federations (tenant_id, issuer) WHERE deleted_at IS NULL;

-- Ids of tokens that were exchanged: each once. Kept as long as a token may live.
CREATE TABLE control.federation_replays (
  tenant_id text NOT NULL,
  federation_id text NOT NULL,
  jti_sha256 text NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT federation_replays_pk PRIMARY KEY (tenant_id, federation_id, jti_sha256),
  CONSTRAINT replay_is_of_a_federation FOREIGN KEY (tenant_id, federation_id) REFERENCES control.federations
);
CREATE INDEX federation_replays_to_forget ON control.federation_replays (tenant_id, expires_at);

CREATE TABLE control.access_tokens (
  tenant_id text NOT NULL,
  id text NOT NULL,
  secret_sha256 text NOT NULL,
  principal_id text NOT NULL,
  source text NOT NULL CONSTRAINT token_source_is_known CHECK (source IN ('client', 'federation')),
  source_id text NOT NULL,
  scopes text[] NOT NULL,
  workspace_id text,
  -- Of the claims that were exchanged for it, canonical JSON; null of a client's.
  claims_digest text,
  issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT access_tokens_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT token_is_of_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals,
  CONSTRAINT token_is_for_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);
CREATE INDEX access_tokens_to_forget ON control.access_tokens (tenant_id, expires_at);
CREATE INDEX access_tokens_of_a_source ON control.access_tokens (tenant_id, source_id) WHERE revoked_at IS NULL;

CREATE TABLE control.change_request_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT change_request_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);

-- A call that waits for a second person. What it says is sealed; who decides sees a summary of ids, and names the digest.
CREATE TABLE control.change_requests (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  operation text NOT NULL,
  payload_sealed bytea,
  payload_digest text NOT NULL,
  summary jsonb NOT NULL,
  previous_state text NOT NULL DEFAULT 'new',
  state text NOT NULL DEFAULT 'pending',
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  decided_by text,
  decided_at timestamptz,
  reason_digest text,
  -- {status} or {code, detail} of what became of it.
  result jsonb,
  CONSTRAINT change_requests_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT change_is_of_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT change_is_requested_by_a_principal FOREIGN KEY (tenant_id, requested_by) REFERENCES control.principals,
  CONSTRAINT change_is_decided_by_a_principal FOREIGN KEY (tenant_id, decided_by) REFERENCES control.principals,
  CONSTRAINT change_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES control.change_request_legal_transitions,
  CONSTRAINT nobody_decides_their_own_change CHECK (decided_by IS NULL OR decided_by <> requested_by OR state = 'withdrawn')
);
CREATE INDEX change_requests_newest ON control.change_requests (tenant_id, workspace_id, requested_at DESC, id DESC);
CREATE INDEX change_requests_to_expire ON control.change_requests (tenant_id, expires_at) WHERE state = 'pending';
CREATE TRIGGER change_requests_remember_where_they_came_from BEFORE INSERT OR UPDATE ON control.change_requests FOR EACH ROW EXECUTE FUNCTION app.remember_previous_state();

-- A role taken in an emergency: for a while, with a reason, and looked at by somebody else afterwards.
CREATE TABLE control.break_glass_grants (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  principal_id text NOT NULL,
  role text NOT NULL,
  reason_sealed bytea,
  activated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ends_at timestamptz NOT NULL,
  ended_at timestamptz,
  ended_because text CONSTRAINT end_of_a_break_glass_is_known CHECK (ended_because IN ('ended', 'expired', 'disabled')),
  evidence_id text,
  reviewed_by text,
  reviewed_at timestamptz,
  verdict text CONSTRAINT verdict_is_known CHECK (verdict IN ('justified', 'not_justified')),
  review_reason_sealed bytea,
  CONSTRAINT break_glass_grants_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT break_glass_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT break_glass_is_of_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals,
  CONSTRAINT end_of_a_break_glass_says_why CHECK ((ended_at IS NULL) = (ended_because IS NULL)),
  CONSTRAINT review_says_who_and_what CHECK (num_nulls(reviewed_by, reviewed_at, verdict) IN (0, 3)),
  CONSTRAINT nobody_reviews_their_own_break_glass CHECK (reviewed_by IS NULL OR reviewed_by <> principal_id)
);
CREATE UNIQUE INDEX one_break_glass_at_a_time ON control.break_glass_grants (tenant_id, principal_id) WHERE ended_at IS NULL;
CREATE INDEX break_glass_newest ON control.break_glass_grants (tenant_id, activated_at DESC, id DESC);

-- What a tenant demands on top of roles. No row: nothing.
CREATE TABLE control.authorization_settings (
  tenant_id text NOT NULL REFERENCES control.tenants,
  -- Permissions whose changes a second person decides.
  four_eyes text[] NOT NULL DEFAULT '{}',
  -- {permission: strength}, {permission: milliseconds}
  min_strength jsonb NOT NULL DEFAULT '{}',
  max_sign_in_age_ms jsonb NOT NULL DEFAULT '{}',
  break_glass_roles text[] NOT NULL DEFAULT '{admin,operator,approver}',
  break_glass_max_ms bigint NOT NULL DEFAULT 3600000 CONSTRAINT break_glass_is_short CHECK (break_glass_max_ms BETWEEN 60000 AND 28800000),
  version int NOT NULL DEFAULT 1,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT authorization_settings_pk PRIMARY KEY (tenant_id)
);

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.group_roles', 'control.custom_roles', 'control.oauth_clients', 'control.federations', 'control.federation_replays',
    'control.access_tokens', 'control.change_requests', 'control.break_glass_grants', 'control.authorization_settings']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON control.custom_roles, control.oauth_clients, control.federations, control.access_tokens, control.change_requests,
  control.break_glass_grants, control.authorization_settings TO countersign_control;
GRANT SELECT, INSERT, DELETE ON control.group_roles, control.federation_replays TO countersign_control;
GRANT DELETE ON control.access_tokens TO countersign_control;
GRANT UPDATE (expires_at) ON control.role_assignments TO countersign_control;
GRANT SELECT ON control.change_request_legal_transitions TO countersign_control;

RESET ROLE;
