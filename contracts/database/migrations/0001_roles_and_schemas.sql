-- Who may touch what. Three schemas, each written by one owner; two login roles that own nothing and bypass nothing.
--
--   countersign_owner      owns every object; nobody logs in as it
--   countersign_control    the control plane's login role
--   countersign_execution  the execution plane's login role
--
-- Passwords are set by whoever runs the cell (`iac/local`, Terraform), never here.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_owner') THEN
    CREATE ROLE countersign_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_control') THEN
    CREATE ROLE countersign_control LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_execution') THEN
    CREATE ROLE countersign_execution LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT;
  END IF;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA control AUTHORIZATION countersign_owner;
CREATE SCHEMA execution AUTHORIZATION countersign_owner;
CREATE SCHEMA audit AUTHORIZATION countersign_owner;
CREATE SCHEMA app AUTHORIZATION countersign_owner;

GRANT USAGE ON SCHEMA control, execution, audit, app TO countersign_control, countersign_execution;

SET ROLE countersign_owner;

-- The one tenant that this transaction acts for. Unset, or set outside of a transaction, it is NULL and matches nothing.
CREATE FUNCTION app.tenant_id() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.tenant_id', true), '') $$;

-- The tenants whose work this transaction claims or commits together. Only the execution plane's policies read it: a worker
-- commits the transitions of many runs at once, and names every tenant that it means to touch.
CREATE FUNCTION app.tenant_ids() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT string_to_array(NULLIF(current_setting('app.tenant_id', true), ''), ',') $$;

GRANT EXECUTE ON FUNCTION app.tenant_id(), app.tenant_ids() TO countersign_control, countersign_execution;

RESET ROLE;
