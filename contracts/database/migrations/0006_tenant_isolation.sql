-- Tenants are separated by the database: row-level security, enabled and forced, on every table with tenant data.
-- The control plane acts for one tenant at a time; the execution plane may name several (it commits many runs together).

SET ROLE countersign_owner;

DO $$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT n.nspname AS schema, c.relname AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE n.nspname IN ('control', 'execution', 'audit') AND c.relkind IN ('r', 'p')
       AND c.relname NOT IN ('tenant_directory', 'instance_directory')
  LOOP
    EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', t.schema, t.name);
    EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', t.schema, t.name);
    EXECUTE format('CREATE POLICY tenant_of_control ON %I.%I TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t.schema, t.name);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %I.%I TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t.schema, t.name);
    -- The owner runs audit.append, and is forced like everybody else.
    EXECUTE format('CREATE POLICY tenants_of_owner ON %I.%I TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t.schema, t.name);
  END LOOP;
END
$$;

-- Each plane writes its own schema ...
GRANT SELECT ON ALL TABLES IN SCHEMA control, execution, audit TO countersign_control;
GRANT INSERT, UPDATE ON control.tenant_directory, control.tenants, control.workspaces, control.environments, control.principals,
  control.sign_in_links, control.sessions, control.api_keys, control.credentials, control.connector_instances, control.workflows,
  control.workflow_activations, control.approvals, control.signing_keys, control.idempotent_requests TO countersign_control;
GRANT INSERT ON control.instance_directory, control.connector_versions, control.workflow_versions, control.policy_bundles, control.approval_votes,
  control.webhook_replays TO countersign_control;
GRANT INSERT, DELETE ON control.role_assignments TO countersign_control;
GRANT DELETE ON control.webhook_replays, control.idempotent_requests TO countersign_control;

GRANT SELECT ON ALL TABLES IN SCHEMA execution TO countersign_execution;
GRANT INSERT, UPDATE ON execution.contents, execution.deliveries, execution.runs, execution.steps, execution.step_attempts,
  execution.tool_calls, execution.reconciler_cursors, execution.policy_floor, execution.workers, execution.commands TO countersign_execution;
GRANT INSERT ON execution.decisions, execution.cost_lines, execution.written_versions, execution.models, execution.evidence TO countersign_execution;
GRANT DELETE ON execution.workers TO countersign_execution;
REVOKE INSERT, UPDATE ON control.approval_legal_transitions FROM countersign_control;

-- ... and meets the other in mailboxes: rows that one inserts and the other acts on (decision record 0003).
GRANT INSERT ON execution.deliveries, execution.commands TO countersign_control;                -- accepted webhooks; cancel and redrive
GRANT SELECT ON control.tenant_directory, control.tenants, control.workspaces, control.environments, control.connector_versions,
  control.connector_instances, control.credentials,
  control.workflows, control.workflow_versions, control.workflow_activations, control.policy_bundles, control.signing_keys,
  control.approvals, control.approval_votes, control.approval_legal_transitions, control.role_assignments, control.principals TO countersign_execution;
GRANT INSERT ON control.approvals TO countersign_execution;                                   -- requests of the gateway
GRANT UPDATE (state, previous_state, consumed_at, decided_at) ON control.approvals TO countersign_execution;  -- consume, expire, withdraw

-- The audit: everybody appends through the function, the control plane's sequencer seals and signs, both read.
REVOKE ALL ON FUNCTION audit.append(text, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append(text, text, text, text, text, text) TO countersign_control, countersign_execution;
GRANT SELECT ON audit.events, audit.chain_heads, audit.checkpoints TO countersign_control, countersign_execution;
GRANT UPDATE (seq, prev_hash, hash, line) ON audit.events TO countersign_control;
GRANT INSERT, UPDATE ON audit.chain_heads TO countersign_control;
GRANT INSERT ON audit.checkpoints TO countersign_control;

RESET ROLE;
