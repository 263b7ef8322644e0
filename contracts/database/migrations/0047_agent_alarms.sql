-- What people have to look at: an agent was sent, or has done, what honest ones are not and do not. Each occurrence is in the audit; here stands that it is so.

SET ROLE countersign_owner;

CREATE TABLE control.agent_alarms (
  tenant_id text NOT NULL,
  agent_id text NOT NULL,
  kind text NOT NULL CONSTRAINT alarm_kind_is_known CHECK (kind IN ('token_reused', 'order_refused', 'policy_refused', 'spool_forked', 'spool_gap')),
  -- The refusal, where the kind alone does not say it.
  code text NOT NULL,
  count int NOT NULL DEFAULT 1,
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Set when a person resumed or revoked the agent, and null again when it is raised anew.
  cleared_at timestamptz,
  CONSTRAINT agent_alarms_pk PRIMARY KEY (tenant_id, agent_id, kind, code),
  CONSTRAINT alarm_is_of_an_agent FOREIGN KEY (tenant_id, agent_id) REFERENCES control.agents
);

ALTER TABLE control.agent_alarms ENABLE ROW LEVEL SECURITY;
ALTER TABLE control.agent_alarms FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON control.agent_alarms TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON control.agent_alarms TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON control.agent_alarms TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));

GRANT SELECT, INSERT, UPDATE ON control.agent_alarms TO countersign_control;

RESET ROLE;
