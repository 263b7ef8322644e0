-- People: groups, who vouches for them (identity providers, passkeys), how they come in (invitations, attempts to sign in), and what a
-- sign-in was, kept with the session and with every vote that is cast by it (decision record 0034).

SET ROLE countersign_owner;

-- Groups first: roles are given to them by a later migration.
CREATE TABLE control.groups (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  name text NOT NULL CONSTRAINT group_name_is_not_empty CHECK (length(trim(name)) > 0),
  -- What the directory that provisions it calls it.
  external_id text,
  -- Who says who is in it: the directory (scim), the sign-in (oidc), or people here.
  source text NOT NULL CONSTRAINT group_source_is_known CHECK (source IN ('scim', 'oidc', 'local')),
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT groups_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT group_name_is_unique_in_its_tenant UNIQUE (tenant_id, name)
);

CREATE TABLE control.group_members (
  tenant_id text NOT NULL,
  group_id text NOT NULL,
  principal_id text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT group_members_pk PRIMARY KEY (tenant_id, group_id, principal_id),
  CONSTRAINT member_is_of_a_group FOREIGN KEY (tenant_id, group_id) REFERENCES control.groups,
  CONSTRAINT member_is_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);
CREATE INDEX groups_of_a_principal ON control.group_members (tenant_id, principal_id);

ALTER TABLE control.principals
  ADD COLUMN email_lower text GENERATED ALWAYS AS (lower(email)) STORED,
  -- What the directory that provisions people calls this one.
  ADD COLUMN external_id text,
  ADD COLUMN scim_user_name text,
  ADD COLUMN given_name text,
  ADD COLUMN family_name text,
  ADD COLUMN locale text,
  ADD COLUMN version int NOT NULL DEFAULT 1,
  ADD COLUMN changed_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE UNIQUE INDEX email_is_of_one_person ON control.principals (tenant_id, email_lower) WHERE kind = 'person' AND email IS NOT NULL;
CREATE UNIQUE INDEX scim_user_name_is_unique ON control.principals (tenant_id, lower(scim_user_name)) WHERE scim_user_name IS NOT NULL;
CREATE INDEX principals_by_external_id ON control.principals (tenant_id, external_id) WHERE external_id IS NOT NULL;

-- An OpenID provider that a tenant lets vouch for its people. The secret is sealed; it is never answered.
CREATE TABLE control.identity_providers (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  name text NOT NULL,
  issuer text NOT NULL,
  client_id text NOT NULL,
  client_secret_sealed bytea,
  scopes text[] NOT NULL DEFAULT '{openid,email,profile}',
  -- The algorithm that its ID tokens are signed with: never read from the token.
  algorithm text NOT NULL DEFAULT 'RS256' CONSTRAINT token_algorithm_is_known CHECK (algorithm IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
  -- Values of `acr` that say a second factor was used.
  mfa_acr_values text[] NOT NULL DEFAULT '{}',
  allowed_email_domains text[] NOT NULL DEFAULT '{}',
  provisioning text NOT NULL DEFAULT 'invited' CONSTRAINT provisioning_is_known CHECK (provisioning IN ('invited', 'just_in_time')),
  groups_claim text,
  enabled boolean NOT NULL DEFAULT true,
  version int NOT NULL DEFAULT 1,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT identity_providers_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT provider_name_is_unique_in_its_tenant UNIQUE (tenant_id, name),
  CONSTRAINT issuer_and_client_are_set_up_once UNIQUE (tenant_id, issuer, client_id)
);

-- Who the provider's subject is here. The subject never changes hands; an address might.
CREATE TABLE control.external_identities (
  tenant_id text NOT NULL,
  id text NOT NULL,
  provider_id text NOT NULL,
  subject text NOT NULL,
  principal_id text NOT NULL,
  linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz,
  CONSTRAINT external_identities_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT subject_is_one_principal UNIQUE (tenant_id, provider_id, subject),
  CONSTRAINT identity_is_of_a_provider FOREIGN KEY (tenant_id, provider_id) REFERENCES control.identity_providers,
  CONSTRAINT identity_is_of_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);
CREATE INDEX identities_of_a_principal ON control.external_identities (tenant_id, principal_id);

CREATE TABLE control.passkeys (
  tenant_id text NOT NULL,
  id text NOT NULL,
  principal_id text NOT NULL,
  name text NOT NULL,
  credential_id bytea NOT NULL,
  -- COSE, as WebAuthn gives it.
  public_key bytea NOT NULL,
  counter bigint NOT NULL DEFAULT 0,
  transports text[] NOT NULL DEFAULT '{}',
  aaguid text NOT NULL,
  backed_up boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz,
  CONSTRAINT passkeys_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT passkey_is_registered_once UNIQUE (tenant_id, credential_id),
  CONSTRAINT passkey_is_of_a_principal FOREIGN KEY (tenant_id, principal_id) REFERENCES control.principals
);
CREATE INDEX passkeys_of_a_principal ON control.passkeys (tenant_id, principal_id);

-- A sign-in (or a registration) under way: begun by one browser, finished by the same one, once, within minutes.
CREATE TABLE control.sign_in_attempts (
  tenant_id text NOT NULL REFERENCES control.tenants,
  id text NOT NULL,
  kind text NOT NULL CONSTRAINT attempt_kind_is_known CHECK (kind IN ('oidc', 'passkey_register', 'passkey_assert')),
  -- Of what comes back through the browser, and of the cookie that shows which browser it was.
  state_sha256 text NOT NULL,
  browser_sha256 text NOT NULL,
  -- Nonce, PKCE verifier, challenge: sealed for the purpose `identity` under the attempt's id.
  sealed bytea NOT NULL,
  provider_id text,
  -- Whose session it steps up, or for whom a passkey is registered.
  principal_id text,
  invitation_sha256 text,
  return_to text NOT NULL DEFAULT '/',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT sign_in_attempts_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT state_is_of_one_attempt UNIQUE (tenant_id, state_sha256)
);
CREATE INDEX attempts_to_forget ON control.sign_in_attempts (tenant_id, expires_at);

-- A person who may come in. The token is shown once and never stored; roles are given when it is accepted.
CREATE TABLE control.invitations (
  tenant_id text NOT NULL,
  id text NOT NULL,
  token_sha256 text NOT NULL,
  email text NOT NULL,
  display_name text NOT NULL,
  workspace_id text NOT NULL,
  roles text[] NOT NULL DEFAULT '{}',
  invited_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  accepted_by text,
  accepted_at timestamptz,
  revoked_at timestamptz,
  CONSTRAINT invitations_pk PRIMARY KEY (tenant_id, id),
  CONSTRAINT invitation_token_is_unique UNIQUE (tenant_id, token_sha256),
  CONSTRAINT invitation_is_into_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  CONSTRAINT invitation_is_accepted_by_somebody CHECK (num_nulls(accepted_by, accepted_at) IN (0, 2)),
  CONSTRAINT invitation_is_accepted_by_a_principal FOREIGN KEY (tenant_id, accepted_by) REFERENCES control.principals
);
CREATE INDEX open_invitations_by_email ON control.invitations (tenant_id, lower(email)) WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- What the sign-in was. `signed_in_at`: of OIDC the provider's auth_time (null where it does not say: such a sign-in is never taken for fresh),
-- of a passkey the assertion, of a link the session's beginning.
ALTER TABLE control.sessions
  ADD COLUMN workspace_id text,
  ADD COLUMN method text NOT NULL DEFAULT 'link' CONSTRAINT sign_in_method_is_known CHECK (method IN ('link', 'oidc', 'passkey')),
  ADD COLUMN provider_id text,
  ADD COLUMN acr text,
  ADD COLUMN amr text[] NOT NULL DEFAULT '{}',
  ADD COLUMN signed_in_at timestamptz,
  -- `expires_at` is the absolute limit; unused for this long a session ends as well.
  ADD COLUMN idle_ms bigint NOT NULL DEFAULT 28800000,
  ADD COLUMN user_agent text,
  ADD COLUMN address text,
  ADD COLUMN ended_because text CONSTRAINT end_of_a_session_is_known CHECK (ended_because IN ('signed_out', 'revoked', 'replaced', 'disabled', 'erased')),
  ADD CONSTRAINT session_is_in_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces,
  ADD CONSTRAINT session_of_a_provider_names_it CHECK ((method = 'oidc') = (provider_id IS NOT NULL));
CREATE INDEX sessions_of_a_principal ON control.sessions (tenant_id, principal_id, created_at DESC);

-- Votes say what sign-in they were cast by; null where nobody signed in (a key, a click in Slack) and of votes from before.
ALTER TABLE control.approval_votes
  ADD COLUMN auth_method text,
  ADD COLUMN provider_id text,
  ADD COLUMN acr text,
  ADD COLUMN amr text[] NOT NULL DEFAULT '{}';

-- Forced like everybody else, the owner names whom it acts for.
SELECT set_config('app.tenant_id', coalesce((SELECT string_agg(tenant_id, ',') FROM control.tenant_directory), ''), true);
UPDATE control.sessions SET signed_in_at = created_at;
SELECT set_config('app.tenant_id', '', true);
ALTER TABLE control.sessions ALTER COLUMN signed_in_at SET DEFAULT clock_timestamp();

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.groups', 'control.group_members', 'control.identity_providers', 'control.external_identities', 'control.passkeys',
    'control.sign_in_attempts', 'control.invitations']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON control.groups, control.group_members, control.identity_providers, control.external_identities, control.passkeys,
  control.sign_in_attempts, control.invitations TO countersign_control;

RESET ROLE;
