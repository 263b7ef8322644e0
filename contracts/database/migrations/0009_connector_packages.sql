-- Connector packages: what a version's code is, who signed it, and which code each instance was approved for.

SET ROLE countersign_owner;

-- Keys whose signature makes a package publishable in this tenant. A revoked one signs nothing new; what it signed before stays published.
CREATE TABLE control.connector_publishers (
  tenant_id text NOT NULL REFERENCES control.tenants,
  -- RFC 7638 thumbprint of the public key.
  kid text NOT NULL,
  name text NOT NULL,
  public_jwk jsonb NOT NULL,
  trusted_by text NOT NULL,
  trusted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz,
  CONSTRAINT connector_publishers_pk PRIMARY KEY (tenant_id, kid)
);

ALTER TABLE control.connector_publishers ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.connector_publishers FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON control.connector_publishers TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON control.connector_publishers TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON control.connector_publishers TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
GRANT SELECT, INSERT ON control.connector_publishers TO countersign_control;
GRANT UPDATE (name, trusted_by, trusted_at, revoked_at) ON control.connector_publishers TO countersign_control;

-- Null where only a manifest was published. A package may be added to such a version once; nothing of a version is ever changed.
ALTER TABLE control.connector_versions
  ADD COLUMN package_digest text,
  ADD COLUMN package_files jsonb,
  ADD COLUMN signature jsonb,
  ADD COLUMN publisher_kid text,
  ADD CONSTRAINT package_is_whole CHECK (num_nulls(package_digest, package_files, signature, publisher_kid) IN (0, 4)),
  ADD CONSTRAINT package_is_signed_by_a_publisher FOREIGN KEY (tenant_id, publisher_kid) REFERENCES control.connector_publishers;
GRANT UPDATE (package_digest, package_files, signature, publisher_kid) ON control.connector_versions TO countersign_control;

-- The code that was approved with version and manifest; calls are refused where another is installed.
ALTER TABLE control.connector_instances ADD COLUMN package_digest text;

-- What each worker has loaded: `[{name, version, manifest_digest, package_digest, origin}]`.
ALTER TABLE execution.workers ADD COLUMN connectors jsonb NOT NULL DEFAULT '[]';

RESET ROLE;
