-- Who is no second person: whoever asked for a run by hand, and whoever has held a secret of the program that asked (decision record 0047). And which
-- provider fills a group, and whose a credential is.

SET ROLE countersign_owner;

-- The principal who started a run by hand; null: an event or a schedule did.
ALTER TABLE execution.deliveries ADD COLUMN requested_by text;

-- Everybody who was shown a secret of the client after the one who made it.
ALTER TABLE control.oauth_clients ADD COLUMN rotated_by text[] NOT NULL DEFAULT '{}';

-- Everybody who said whose tokens are trusted after the one who made it.
ALTER TABLE control.federations ADD COLUMN changed_by text[] NOT NULL DEFAULT '{}';

-- The provider whose sign-ins fill the group, and whose alone: another one that names a group of the same name speaks of its own.
ALTER TABLE control.groups
  ADD COLUMN provider_id text,
  ADD CONSTRAINT a_provider_fills_groups_of_sign_ins CHECK (provider_id IS NULL OR source = 'oidc'),
  ADD CONSTRAINT group_is_filled_by_a_provider FOREIGN KEY (tenant_id, provider_id) REFERENCES control.identity_providers;

-- Whose it is: instances of other workspaces cannot be given it, nor send it to where they like. Null: of before, used by none or by several.
ALTER TABLE control.credentials
  ADD COLUMN workspace_id text,
  ADD CONSTRAINT credential_is_of_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces;
-- Row-level security is forced for the owner, too: every tenant is named.
SELECT set_config('app.tenant_id', (SELECT COALESCE(string_agg(tenant_id, ','), '') FROM control.tenant_directory), true);
UPDATE control.credentials c SET workspace_id = used.workspace_id
  FROM (SELECT i.tenant_id, u.credential_id, min(i.workspace_id) AS workspace_id
          FROM control.connector_instances i
          CROSS JOIN LATERAL (VALUES (i.credential_id), (i.webhook_credential_id), (i.shared_secret_credential_id), (i.connection ->> 'client_certificate_id'), (i.connection ->> 'proxy_credential_id')) AS u (credential_id)
         WHERE u.credential_id IS NOT NULL
         GROUP BY i.tenant_id, u.credential_id HAVING count(DISTINCT i.workspace_id) = 1) used
 WHERE c.tenant_id = used.tenant_id AND c.id = used.credential_id;
SELECT set_config('app.tenant_id', '', true);

RESET ROLE;
