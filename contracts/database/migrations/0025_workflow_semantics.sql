-- Waits, items of a map, runs that a step starts, deadlines, and the engine that a run is decided by (decision record 0027).

SET ROLE countersign_owner;

ALTER TABLE execution.runs
  -- Which functions decide about this run, for as long as it lives: engine/versions.ts.
  ADD COLUMN engine_version int NOT NULL DEFAULT 1,
  -- The step that started it, of which run; how many stand above it.
  ADD COLUMN parent_run_id text,
  ADD COLUMN parent_step_id text,
  ADD COLUMN depth int NOT NULL DEFAULT 0 CONSTRAINT runs_are_nested_five_deep_at_most CHECK (depth BETWEEN 0 AND 5),
  -- JSON pointer -> labels, where the trigger was put together by a step of another run.
  ADD COLUMN trigger_part_labels jsonb,
  ADD COLUMN deadline_ms bigint CONSTRAINT run_deadline_is_positive CHECK (deadline_ms > 0),
  ADD COLUMN deadline_at timestamptz,
  ADD CONSTRAINT a_parent_is_a_run_and_a_step CHECK ((parent_run_id IS NULL) = (parent_step_id IS NULL)),
  ADD CONSTRAINT parent_is_a_run FOREIGN KEY (tenant_id, parent_run_id) REFERENCES execution.runs,
  ADD CONSTRAINT parent_is_a_step FOREIGN KEY (tenant_id, parent_step_id) REFERENCES execution.steps;

-- A step starts one run, however often it is tried.
CREATE UNIQUE INDEX one_child_per_step ON execution.runs (tenant_id, parent_step_id) WHERE parent_step_id IS NOT NULL;
CREATE INDEX runs_of_a_parent ON execution.runs (tenant_id, parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_with_a_deadline ON execution.runs (tenant_id, deadline_at) WHERE deadline_at IS NOT NULL AND state IN ('queued', 'running', 'waiting');

ALTER TABLE execution.steps
  -- Of a step of an item: its map, and which item. Its item is its input.
  ADD COLUMN map_step_id text,
  ADD COLUMN item_index int,
  ADD COLUMN input_part_labels jsonb,
  -- Of a map that has begun: {concurrency, on_item_failure}.
  ADD COLUMN item_rules jsonb,
  -- JSON pointer -> labels, where parts of the output came from different places; output_labels is all of them together.
  ADD COLUMN output_part_labels jsonb,
  ADD COLUMN deadline_ms bigint CONSTRAINT step_deadline_is_positive CHECK (deadline_ms > 0),
  ADD COLUMN deadline_at timestamptz,
  ADD CONSTRAINT an_item_is_of_a_map CHECK ((map_step_id IS NULL) = (item_index IS NULL)),
  ADD CONSTRAINT item_is_of_a_step FOREIGN KEY (tenant_id, map_step_id) REFERENCES execution.steps;

CREATE INDEX steps_of_a_map ON execution.steps (tenant_id, map_step_id, item_index) WHERE map_step_id IS NOT NULL;
CREATE INDEX steps_waiting_for_time ON execution.steps (tenant_id, available_at) WHERE state = 'waiting' AND uses = 'wait';
CREATE INDEX steps_with_a_deadline ON execution.steps (tenant_id, deadline_at) WHERE deadline_at IS NOT NULL AND state IN ('ready', 'waiting', 'retrying');

-- A run's deadline begins with the run, a step's with its first claim, by the database's clock; both begin anew when a person redrives.
CREATE FUNCTION app.begin_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.deadline_at := clock_timestamp() + NEW.deadline_ms * interval '1 millisecond';
  RETURN NEW;
END
$$;
CREATE FUNCTION app.forget_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.deadline_at := NULL;
  RETURN NEW;
END
$$;
CREATE TRIGGER runs_begin_their_deadline BEFORE INSERT ON execution.runs FOR EACH ROW
  WHEN (NEW.deadline_ms IS NOT NULL) EXECUTE FUNCTION app.begin_deadline();
CREATE TRIGGER runs_redriven_begin_it_anew BEFORE UPDATE ON execution.runs FOR EACH ROW
  WHEN (NEW.deadline_ms IS NOT NULL AND OLD.state = 'failed' AND NEW.state = 'running') EXECUTE FUNCTION app.begin_deadline();
CREATE TRIGGER steps_begin_their_deadline BEFORE UPDATE ON execution.steps FOR EACH ROW
  WHEN (NEW.deadline_ms IS NOT NULL AND NEW.state = 'leased' AND OLD.deadline_at IS NULL) EXECUTE FUNCTION app.begin_deadline();
CREATE TRIGGER steps_redriven_begin_it_anew BEFORE UPDATE ON execution.steps FOR EACH ROW
  WHEN (NEW.deadline_ms IS NOT NULL AND OLD.state IN ('dead', 'failed', 'cancelled') AND NEW.state IN ('ready', 'blocked')) EXECUTE FUNCTION app.forget_deadline();

RESET ROLE;
