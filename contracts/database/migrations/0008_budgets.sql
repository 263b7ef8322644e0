-- Budgets, prices and explicit idempotency keys (decision record 0012).

SET ROLE countersign_owner;

-- What a workspace may spend: the control plane writes it. NULL is no limit. `version` is the ETag.
CREATE TABLE control.budgets (
  tenant_id text NOT NULL,
  workspace_id text NOT NULL,
  monthly_limit_usd numeric(18, 9) CONSTRAINT monthly_limit_is_not_negative CHECK (monthly_limit_usd >= 0),
  -- For each run of the workspace.
  run_limit_usd numeric(18, 9) CONSTRAINT run_limit_is_not_negative CHECK (run_limit_usd >= 0),
  version int NOT NULL DEFAULT 1,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT budgets_pk PRIMARY KEY (tenant_id, workspace_id),
  CONSTRAINT budget_is_of_a_workspace FOREIGN KEY (tenant_id, workspace_id) REFERENCES control.workspaces
);

-- Prices of the tenant's own, before those of the shipped table. `model` is '' where the price holds for every model.
CREATE TABLE control.price_overrides (
  tenant_id text NOT NULL REFERENCES control.tenants,
  meter text NOT NULL,
  unit text NOT NULL,
  model text NOT NULL DEFAULT '',
  from_day text NOT NULL CONSTRAINT from_day_is_a_day CHECK (from_day ~ '^\d{4}-\d{2}-\d{2}$'),
  usd_per_unit numeric(24, 12) NOT NULL CONSTRAINT price_is_not_negative CHECK (usd_per_unit >= 0),
  source text NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT price_overrides_pk PRIMARY KEY (tenant_id, meter, unit, model, from_day)
);

-- The set of overrides changes as a whole: its version is the ETag.
CREATE TABLE control.price_lists (
  tenant_id text CONSTRAINT price_lists_pk PRIMARY KEY REFERENCES control.tenants,
  version int NOT NULL DEFAULT 1
);

-- What a budget has been used up by: `run` of one run (period: its id), `month` of a workspace (period: `YYYY-MM`, UTC). Rows exist only
-- where there is, or was, a limit. Each is changed under its row lock, together with the intent or the outcome that changes it.
CREATE TABLE execution.budget_accounts (
  tenant_id text NOT NULL,
  workspace_id text NOT NULL,
  kind text NOT NULL CONSTRAINT budget_kind_is_known CHECK (kind IN ('run', 'month')),
  period text NOT NULL,
  -- The limit that the last reservation was checked against.
  limit_usd numeric(18, 9),
  spent_usd numeric(18, 9) NOT NULL DEFAULT 0,
  reserved_usd numeric(18, 9) NOT NULL DEFAULT 0 CONSTRAINT no_more_is_released_than_was_reserved CHECK (reserved_usd >= 0),
  -- The limit of which 80 % were reached: one warning for each.
  warned_limit_usd numeric(18, 9),
  CONSTRAINT budget_accounts_pk PRIMARY KEY (tenant_id, workspace_id, kind, period)
);

-- What calls under way, or of unknown outcome, hold of which account.
CREATE TABLE execution.budget_reservations (
  tenant_id text NOT NULL,
  call_id text NOT NULL,
  kind text NOT NULL,
  workspace_id text NOT NULL,
  period text NOT NULL,
  amount_usd numeric(18, 9) NOT NULL CONSTRAINT a_reservation_reserves CHECK (amount_usd > 0),
  CONSTRAINT budget_reservations_pk PRIMARY KEY (tenant_id, call_id, kind),
  CONSTRAINT reservation_is_of_a_call FOREIGN KEY (tenant_id, call_id) REFERENCES execution.tool_calls,
  CONSTRAINT reservation_is_of_an_account FOREIGN KEY (tenant_id, workspace_id, kind, period) REFERENCES execution.budget_accounts
);

-- An account that begins in the middle of a month starts with what was spent in it.
CREATE INDEX cost_lines_by_time ON execution.cost_lines (tenant_id, metered_at);
ALTER TABLE execution.cost_lines ADD COLUMN model text;

-- Calls under a key that the workflow names: the digest of what was asked for, so that the same key with other parameters is refused.
ALTER TABLE execution.tool_calls ADD COLUMN parameters_digest text;

DO $$
DECLARE
  t regclass;
BEGIN
  FOREACH t IN ARRAY ARRAY['control.budgets', 'control.price_overrides', 'control.price_lists', 'execution.budget_accounts', 'execution.budget_reservations']::regclass[]
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_of_control ON %s TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()))', t);
    EXECUTE format('CREATE POLICY tenants_of_execution ON %s TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
    EXECUTE format('CREATE POLICY tenants_of_owner ON %s TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]))', t);
  END LOOP;
END
$$;

-- Limits and prices are the control plane's, accounts and reservations the execution plane's; each reads the other's.
GRANT SELECT, INSERT, UPDATE ON control.budgets, control.price_lists TO countersign_control;
GRANT SELECT, INSERT, DELETE ON control.price_overrides TO countersign_control;
GRANT SELECT ON control.budgets, control.price_overrides TO countersign_execution;
GRANT SELECT, INSERT, UPDATE ON execution.budget_accounts TO countersign_execution;
GRANT SELECT, INSERT, DELETE ON execution.budget_reservations TO countersign_execution;
GRANT SELECT ON execution.budget_accounts, execution.budget_reservations TO countersign_control;

RESET ROLE;
