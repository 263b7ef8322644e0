-- What the control plane owns: tenants and their people, workflows, connector instances, policy bundles, approvals.

SET ROLE countersign_owner;

-- Directories: the only tables without row-level security. They hold ids and where a tenant lives, nothing that a tenant typed.
CREATE TABLE control.tenant_directory (
  tenant_id text CONSTRAINT tenant_directory_pk PRIMARY KEY,
  slug text NOT NULL CONSTRAINT tenant_slug_is_unique UNIQUE,
  region text NOT NULL CONSTRAINT tenant_region_is_known CHECK (region IN ('us', 'eu')),
  cell text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE control.instance_directory (
  instance_id text CONSTRAINT instance_directory_pk PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES control.tenant_directory
);

CREATE TABLE control.tenants (
  tenant_id text CONSTRAINT tenants_pk PRIMARY KEY REFERENCES control.tenant_directory,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE control.workspaces (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT workspaces_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT workspace_slug_is_unique_in_its_tenant UNIQUE (tenant_id, slug)
);

CREATE TABLE control.environments (
  tenant_id text NOT NULL,
  workspace_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL CONSTRAINT environment_name_is_known CHECK (name IN ('dev', 'staging', 'prod')),
  ordinal int NOT NULL,
  CONSTRAINT environments_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT environment_name_is_unique_in_its_workspace UNIQUE (tenant_id, workspace_id, name),
  CONSTRAINT environment_belongs_to_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);

CREATE TABLE control.principals (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  kind text NOT NULL CONSTRAINT principal_kind_is_known CHECK (kind IN ('person', 'service')),
  display_name text NOT NULL,
  email text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  disabled_at timestamptz,
  CONSTRAINT principals_pk PRIMARY KEY (tenant_id, id)
);

CREATE TABLE control.role_assignments (
  tenant_id text NOT NULL,
  workspace_id text NOT NULL,
  principal_id text NOT NULL,
  role text NOT NULL CONSTRAINT role_is_known
    CHECK (role IN ('viewer', 'operator', 'author', 'approver', 'policy-admin', 'auditor', 'admin')),
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT role_assignments_pk PRIMARY KEY (tenant_id, workspace_id, principal_id, role),
  CONSTRAINT role_is_given_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT role_is_given_to_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);

-- A one-time sign-in link of the embedded cell. The token itself is never stored.
CREATE TABLE control.sign_in_links (
  tenant_id text NOT NULL,
  token_sha256 text NOT NULL,
  principal_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT sign_in_links_pk PRIMARY KEY (tenant_id, token_sha256),
  CONSTRAINT sign_in_link_is_for_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);

CREATE TABLE control.sessions (
  tenant_id text NOT NULL,
  id text NOT NULL,
  secret_sha256 text NOT NULL,
  principal_id text NOT NULL,
  auth_strength text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  CONSTRAINT sessions_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT session_is_of_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);

CREATE TABLE control.api_keys (
  tenant_id text NOT NULL,
  id text NOT NULL,
  secret_sha256 text NOT NULL,
  principal_id text NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  CONSTRAINT api_keys_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT api_key_is_of_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);

-- Answers to requests that carried an Idempotency-Key, replayed to a retry.
CREATE TABLE control.idempotent_requests (
  tenant_id text NOT NULL,
  principal_id text NOT NULL,
  key text NOT NULL,
  route text NOT NULL,
  request_sha256 text NOT NULL,
  response_status int,
  response_body jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT idempotent_requests_pk PRIMARY KEY (tenant_id, principal_id, key)
);

-- Secrets, sealed under the tenant's key (`platform/keys`). Only the gateway opens them, for one call.
CREATE TABLE control.credentials (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CONSTRAINT credential_kind_is_known
    CHECK (kind IN ('basic', 'oauth_client_credentials', 'api_key', 'webhook_secret')),
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rotated_at timestamptz,
  CONSTRAINT credentials_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT credential_name_is_unique_in_its_tenant UNIQUE (tenant_id, name)
);

-- Manifests of connector packages, as published. Workflows are checked and webhooks are read by them.
CREATE TABLE control.connector_versions (
  tenant_id text NOT NULL REFERENCES control.tenants,
  connector text NOT NULL,
  version text NOT NULL,
  manifest_digest text NOT NULL,
  manifest jsonb NOT NULL,
  published_by text NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT connector_versions_pk PRIMARY KEY (tenant_id, connector, version)
);

CREATE TABLE control.connector_instances (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  environment_id text NOT NULL,
  connector text NOT NULL,
  connector_version text NOT NULL,
  manifest_digest text NOT NULL,
  name text NOT NULL,
  base_url text,
  allowed_hosts jsonb NOT NULL DEFAULT '[]',
  settings jsonb NOT NULL DEFAULT '{}',
  credential_id text,
  webhook_credential_id text,
  shared_secret_credential_id text,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT connector_instances_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT instance_name_is_unique_in_its_environment UNIQUE (tenant_id, environment_id, name),
  CONSTRAINT instance_runs_a_published_version FOREIGN KEY (tenant_id, connector, connector_version) REFERENCES control.connector_versions,
  CONSTRAINT instance_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT instance_is_in_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments,
  CONSTRAINT instance_uses_a_credential FOREIGN KEY (tenant_id, credential_id) REFERENCES control.credentials,
  CONSTRAINT instance_verifies_with_a_credential FOREIGN KEY (tenant_id, webhook_credential_id) REFERENCES control.credentials,
  CONSTRAINT instance_shares_a_secret FOREIGN KEY (tenant_id, shared_secret_credential_id) REFERENCES control.credentials
);

-- Webhook ids seen, kept for twice the replay window.
CREATE TABLE control.webhook_replays (
  tenant_id text NOT NULL,
  instance_id text NOT NULL,
  webhook_id text NOT NULL,
  body_sha256 text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT webhook_replays_pk PRIMARY KEY (tenant_id, instance_id, webhook_id),
  CONSTRAINT replay_is_of_an_instance FOREIGN KEY (tenant_id, instance_id) REFERENCES control.connector_instances
);

CREATE TABLE control.workflows (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT workflows_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT workflow_name_is_unique_in_its_workspace UNIQUE (tenant_id, workspace_id, name),
  CONSTRAINT workflow_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);

-- Published versions never change: no role is granted UPDATE or DELETE.
CREATE TABLE control.workflow_versions (
  tenant_id text NOT NULL,
  workflow_id text NOT NULL,
  version int NOT NULL CONSTRAINT version_counts_from_one CHECK (version >= 1),
  digest text NOT NULL,
  source text NOT NULL,
  definition jsonb NOT NULL,
  published_by text NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT workflow_versions_pk PRIMARY KEY (tenant_id, workflow_id, version),
  CONSTRAINT version_content_is_published_once UNIQUE (tenant_id, workflow_id, digest),
  CONSTRAINT version_is_of_a_workflow FOREIGN KEY (tenant_id, workflow_id) REFERENCES control.workflows
);

-- Which version an environment runs, and whether its trigger is on.
CREATE TABLE control.workflow_activations (
  tenant_id text NOT NULL,
  workflow_id text NOT NULL,
  environment_id text NOT NULL,
  version int NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  activated_by text NOT NULL,
  activated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT workflow_activations_pk PRIMARY KEY (tenant_id, workflow_id, environment_id),
  CONSTRAINT activation_is_of_a_version FOREIGN KEY (tenant_id, workflow_id, version) REFERENCES control.workflow_versions,
  CONSTRAINT activation_is_in_an_environment FOREIGN KEY (tenant_id, environment_id) REFERENCES control.environments
);

-- Signed bundles by sequence. The bytes are in the object store under their digest; the newest row is the one served.
CREATE TABLE control.policy_bundles (
  tenant_id text NOT NULL REFERENCES control.tenants,
  seq bigint NOT NULL CONSTRAINT bundle_seq_is_positive CHECK (seq > 0),
  id text NOT NULL,
  scope text NOT NULL,
  revision text NOT NULL,
  digest text NOT NULL,
  object_key text NOT NULL,
  signed_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT policy_bundles_pk PRIMARY KEY (tenant_id, seq)
);

-- Public keys that bundles, checkpoints and evidence are verified with. Private halves are with the keys port.
CREATE TABLE control.signing_keys (
  tenant_id text NOT NULL REFERENCES control.tenants,
  kid text NOT NULL,
  purpose text NOT NULL CONSTRAINT signing_purpose_is_known CHECK (purpose IN ('policy_bundle', 'checkpoint', 'evidence')),
  algorithm text NOT NULL,
  public_jwk jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  retired_at timestamptz,
  CONSTRAINT signing_keys_pk PRIMARY KEY (tenant_id, kid)
);

CREATE TABLE control.approval_legal_transitions (
  from_state text NOT NULL,
  to_state text NOT NULL,
  CONSTRAINT approval_legal_transitions_pk PRIMARY KEY (from_state, to_state)
);

-- Requested by the gateway (execution plane inserts), decided here, consumed by the gateway.
-- `action_sealed` is the canonical action (RFC 8785) sealed under the tenant's key; `action_digest` is the SHA-256 of its bytes.
-- Both sealed texts are shredded when their retention is over; the digest stays.
CREATE TABLE control.approvals (
  tenant_id text NOT NULL,
  id text NOT NULL,
  workspace_id text NOT NULL,
  environment_id text NOT NULL,
  run_id text NOT NULL,
  step_id text NOT NULL,
  step_key text NOT NULL,
  action text NOT NULL,
  instance_id text,
  action_digest text NOT NULL,
  action_sealed bytea,
  preview_sealed bytea,
  subject text,
  tier text NOT NULL,
  required_role text NOT NULL,
  required_votes int NOT NULL CONSTRAINT at_least_one_vote_is_required CHECK (required_votes >= 1),
  requested_by text NOT NULL,
  decision_id text NOT NULL,
  previous_state text NOT NULL DEFAULT 'new',
  state text NOT NULL DEFAULT 'pending',
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  decided_at timestamptz,
  consumed_at timestamptz,
  shredded_at timestamptz,
  CONSTRAINT approvals_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT approval_transition_is_legal FOREIGN KEY (previous_state, state) REFERENCES control.approval_legal_transitions (from_state, to_state),
  CONSTRAINT approval_is_sealed_or_shredded CHECK (num_nulls(action_sealed, preview_sealed) = CASE WHEN shredded_at IS NULL THEN 0 ELSE 2 END),
  CONSTRAINT what_may_still_run_is_not_shredded CHECK (shredded_at IS NULL OR state NOT IN ('pending', 'approved')),
  CONSTRAINT approval_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);
-- Asked once while the answer is open or unused. A used, refused or expired one makes room: a retry or a redrive asks a person again.
CREATE UNIQUE INDEX one_open_approval_per_step_and_action ON control.approvals (tenant_id, step_id, action_digest) WHERE state IN ('pending', 'approved');
CREATE INDEX approvals_inbox ON control.approvals (tenant_id, workspace_id, state, requested_at DESC, id);
CREATE INDEX approvals_to_shred ON control.approvals (tenant_id, requested_at) WHERE shredded_at IS NULL;
CREATE INDEX approvals_of_a_run ON control.approvals (tenant_id, run_id);
CREATE INDEX approvals_to_expire ON control.approvals (expires_at) WHERE state IN ('pending', 'approved');

CREATE TABLE control.approval_votes (
  tenant_id text NOT NULL,
  approval_id text NOT NULL,
  id text NOT NULL,
  principal_id text NOT NULL,
  role text NOT NULL,
  decision text NOT NULL CONSTRAINT vote_is_for_or_against CHECK (decision IN ('approve', 'reject')),
  reason text,
  action_digest text NOT NULL,
  auth_strength text NOT NULL,
  channel text NOT NULL CONSTRAINT channel_is_known CHECK (channel IN ('console', 'api', 'slack')),
  voted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT approval_votes_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT one_vote_per_person UNIQUE (tenant_id, approval_id, principal_id),
  CONSTRAINT vote_is_on_an_approval FOREIGN KEY (tenant_id, approval_id) REFERENCES control.approvals,
  CONSTRAINT vote_is_by_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);

RESET ROLE;
