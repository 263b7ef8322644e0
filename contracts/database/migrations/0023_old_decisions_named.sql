-- Decisions of before 0018 say where and of what they were, as their runs do: the log is read by environment and workspace. What policy was asked
-- at the time was not kept and stays empty (decision record 0023).
SET ROLE countersign_owner;

-- Row-level security is forced for the owner, too: every tenant is named.
SELECT set_config('app.tenant_id', (SELECT COALESCE(string_agg(tenant_id, ','), '') FROM control.tenant_directory), true);

UPDATE execution.decisions d
   SET workspace_id = r.workspace_id, environment_id = r.environment_id, workflow = r.workflow_name
  FROM execution.runs r
 WHERE (r.tenant_id, r.id) = (d.tenant_id, d.run_id) AND d.environment_id IS NULL;

SELECT set_config('app.tenant_id', '', true);
RESET ROLE;
