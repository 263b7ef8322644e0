-- How connections to an instance are made, and the kinds of credential that came with more connectors.

SET ROLE countersign_owner;

ALTER TABLE control.credentials DROP CONSTRAINT credential_kind_is_known;
ALTER TABLE control.credentials ADD CONSTRAINT credential_kind_is_known
  CHECK (kind IN ('basic', 'oauth_client_credentials', 'api_key', 'bearer', 'signed_jwt', 'client_certificate', 'webhook_secret'));

-- `{ca_pem, client_certificate_id, proxy_url, proxy_credential_id}`; what is absent is the system's default. Certificates are public,
-- the secrets beside them are credentials, named here by id.
ALTER TABLE control.connector_instances ADD COLUMN connection jsonb NOT NULL DEFAULT '{}';

RESET ROLE;
