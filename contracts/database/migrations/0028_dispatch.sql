-- Dispatch through a queue (decision record 0030): which runs have work that some worker should be told of. Written in the transaction that makes
-- the work, by connections that ask for it (`app.outbox` = on: workers that have a queue), and taken off when the queue has the message.

SET ROLE countersign_owner;

CREATE TABLE execution.outbox (
  tenant_id text NOT NULL,
  run_id text NOT NULL,
  -- Raised whenever the run has new work. Who takes a row off names the number that it has sent, so that what came meanwhile stays.
  changes bigint NOT NULL DEFAULT 1,
  due_at timestamptz NOT NULL,
  -- Until when a worker has the right to send it; one that dies while it sends makes room for another.
  taken_until timestamptz NOT NULL DEFAULT '-infinity',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT outbox_pk PRIMARY KEY (tenant_id, run_id),
  CONSTRAINT outbox_is_of_a_run FOREIGN KEY (tenant_id, run_id) REFERENCES execution.runs
);
CREATE INDEX outbox_due ON execution.outbox (tenant_id, due_at);

ALTER TABLE execution.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution.outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_of_control ON execution.outbox TO countersign_control USING (tenant_id = (SELECT app.tenant_id())) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY tenants_of_execution ON execution.outbox TO countersign_execution USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
CREATE POLICY tenants_of_owner ON execution.outbox TO countersign_owner USING (tenant_id = ANY ((SELECT app.tenant_ids())::text[])) WITH CHECK (tenant_id = ANY ((SELECT app.tenant_ids())::text[]));
GRANT SELECT ON execution.outbox TO countersign_control;
GRANT SELECT, INSERT, UPDATE, DELETE ON execution.outbox TO countersign_execution;

-- One row per run, however many of its steps become ready: the message says only that there is something to do.
CREATE FUNCTION app.note_work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO execution.outbox AS o (tenant_id, run_id, due_at) VALUES (NEW.tenant_id, NEW.run_id, NEW.available_at)
  -- Not DO NOTHING: the row that is there may be about to be taken off for what was ready before.
  ON CONFLICT (tenant_id, run_id) DO UPDATE SET changes = o.changes + 1, due_at = LEAST(o.due_at, excluded.due_at), taken_until = '-infinity';
  RETURN NULL;
END
$$;
GRANT EXECUTE ON FUNCTION app.note_work() TO countersign_execution;

-- The conditions are part of the triggers, so that a cell without a queue pays for reading a setting and nothing else.
CREATE TRIGGER steps_begin_as_work AFTER INSERT ON execution.steps FOR EACH ROW
  WHEN (NEW.state IN ('ready', 'retrying', 'uncertain') AND current_setting('app.outbox', true) = 'on') EXECUTE FUNCTION app.note_work();
CREATE TRIGGER steps_become_work AFTER UPDATE ON execution.steps FOR EACH ROW
  WHEN (NEW.state IN ('ready', 'retrying', 'uncertain') AND NEW.state IS DISTINCT FROM OLD.state AND current_setting('app.outbox', true) = 'on') EXECUTE FUNCTION app.note_work();

-- What a worker that has a queue last saw of it, for operators.
ALTER TABLE execution.workers ADD COLUMN wake jsonb;

RESET ROLE;
