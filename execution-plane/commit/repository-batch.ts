import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import { bigints, booleans, ints, texts } from '@countersign/platform/postgres/arrays.ts';
import type { Ask } from '@countersign/platform/postgres/one-trip.ts';
import { cells, columnsOf, namesOf, recordset } from '@countersign/platform/postgres/recordset.ts';
import type { Column } from '@countersign/platform/postgres/recordset.ts';
import { AUDIT_COLUMNS } from '../audit/events.ts';
import { CONTENT_COLUMNS } from '../contents/contents.ts';
import { MOVE_RUNS, MOVE_STEPS, RUN_COLUMNS, STEP_COLUMNS } from '../dispatch/repository-transitions.ts';
import type { Expected, Holder, Part, Rows } from './part.ts';
import { COST_COLUMNS, DECISION_COLUMNS, INTENT_COLUMNS, OUTCOME_COLUMNS, WRITTEN_COLUMNS } from './rows.ts';

/** Parts of one run that are written together or not at all. The first says who writes. */
export type Unit = readonly [Part, ...Part[]];

/** Which units of a batch are written. `held`: whose lease is; `kept`: those of them whose run is as expected, and only these are written. */
export interface BatchResult {
  readonly held: ReadonlySet<number>;
  readonly kept: ReadonlySet<number>;
}

/**
 * Writes the units of many runs, of many tenants, in one transaction and one round trip. A unit whose lease or whose run is not as it says is
 * left out, and the others are not. What PostgreSQL refuses rolls all of them back: the caller tries them again in smaller batches. No two units
 * with moves may be of one run.
 */
export async function writeBatch(database: Database, units: readonly Unit[]): Promise<BatchResult> {
  const tenantIds = [...new Set(units.map(([{ holder }]) => holder.tenantId))];
  const guards = units.map((unit, index) => ({ ...guardOf(unit), unit: index }));
  const moving = guards.filter(({ expected }) => expected !== null);
  const locks = moving.length === 0 ? [] : [{ statement: lockRuns, values: [texts(moving.map(({ holder }) => holder.tenantId)), texts(moving.map(({ holder }) => holder.runId))] }];
  const rows = await database.atOnce(tenantIds, [...locks, { statement: checkUnits, values: checkValues(guards) }, ...writesOf(units)]);
  const checked = rows[locks.length]?.[0] as { held: number[]; kept: number[] } | undefined;
  return { held: new Set(checked?.held), kept: new Set(checked?.kept) };
}

interface Guard { readonly holder: Holder; readonly expected: Expected | null }

function guardOf(unit: Unit): Guard {
  return { holder: unit[0].holder, expected: unit.find(({ expected }) => expected !== null)?.expected ?? null };
}

// Everybody locks in one order: runs, then steps, each by tenant and id. A statement of its own, because a lock that had to wait must be followed
// by a fresh look, or a parallel step that ended meanwhile is not seen.
const lockRuns: Statement = {
  name: 'commit.lock_runs',
  text: `
    SELECT count(*) AS locked FROM (
      SELECT FROM unnest($1::text[], $2::text[]) AS u(tenant_id, id)
        JOIN execution.runs r ON r.tenant_id = u.tenant_id AND r.id = u.id
       ORDER BY r.tenant_id COLLATE "C", r.id COLLATE "C" FOR NO KEY UPDATE OF r) AS each`,
};

const checkUnits: Statement = {
  name: 'commit.check_units',
  text: `
    WITH u AS (
      SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::boolean[])
        AS u(unit, tenant_id, run_id, step_id, fence, run_state, step_states, begins)
    ), held AS MATERIALIZED (
      -- the lock keeps the sweeper from taking a step away before this commits
      SELECT u.unit FROM u JOIN execution.steps s ON s.tenant_id = u.tenant_id AND s.id = u.step_id
       WHERE s.fence = u.fence AND s.state = 'leased' AND s.lease_expires_at > clock_timestamp()
       ORDER BY s.tenant_id COLLATE "C", s.id COLLATE "C" FOR NO KEY UPDATE OF s
    ), expected AS MATERIALIZED (
      SELECT u.unit FROM u WHERE u.run_state IS NULL
      UNION ALL
      SELECT u.unit FROM u JOIN execution.runs r ON r.tenant_id = u.tenant_id AND r.id = u.run_id
       WHERE r.state = u.run_state AND NOT (u.begins AND r.paused_at IS NOT NULL)
         AND u.step_states = (SELECT string_agg(o.state, ' ' ORDER BY o.id COLLATE "C") FROM execution.steps o WHERE o.tenant_id = u.tenant_id AND o.run_id = u.run_id)
    ), kept AS (
      SELECT coalesce(array_agg(unit), '{}') AS units FROM held JOIN expected USING (unit)
    )
    SELECT (SELECT coalesce(array_agg(unit), '{}') FROM held) AS held, units AS kept, set_config('app.kept_units', array_to_string(units, ','), true) FROM kept`,
};

function checkValues(guards: ReadonlyArray<Guard & { readonly unit: number }>): unknown[] {
  return [
    ints(guards.map(({ unit }) => unit)), texts(guards.map(({ holder }) => holder.tenantId)), texts(guards.map(({ holder }) => holder.runId)),
    texts(guards.map(({ holder }) => holder.stepId)), bigints(guards.map(({ holder }) => holder.fence)),
    texts(guards.map(({ expected }) => expected?.runState ?? null)), texts(guards.map(({ expected }) => expected?.stepStates ?? null)),
    booleans(guards.map(({ expected }) => expected?.begins === true)),
  ];
}

/** Of the units that the check kept, by the last parameter of each statement. */
const KEPT = `(SELECT string_to_array(current_setting('app.kept_units'), ',')::int[])`;

/** `columns`, then which unit each row is of: only rows of units that are kept. */
function keptRows<Row>(columns: ReadonlyArray<Column<Row>>, first = 1): string {
  const alias = 'c';
  return `SELECT ${cells(alias, columns)} FROM ${recordset(alias, [...columns, UNIT as Column<Row>], first)} WHERE c.of_unit = ANY (${KEPT}::int[])`;
}

const UNIT: Column<{ ofUnit: number }> = { name: 'of_unit', type: 'int', of: ({ ofUnit }) => ofUnit };

function insertInto<Row>(name: string, table: string, columns: ReadonlyArray<Column<Row>>): Statement {
  return { name: `commit.${name}`, text: `INSERT INTO ${table} (${namesOf(columns)}) ${keptRows(columns)}` };
}

const insertDecisions = insertInto('decisions', 'execution.decisions', DECISION_COLUMNS);
const insertContents = insertInto('contents', 'execution.contents', CONTENT_COLUMNS);
const insertIntents = insertInto('intents', 'execution.tool_calls', INTENT_COLUMNS);
const insertCosts = insertInto('costs', 'execution.cost_lines', COST_COLUMNS);

const updateOutcomes: Statement = {
  name: 'commit.outcomes',
  text: `
    WITH outcome AS (${keptRows(OUTCOME_COLUMNS)}), ended AS (
      UPDATE execution.tool_calls c
         SET previous_state = c.state, state = o.to_state, request_digest = coalesce(o.request_digest, c.request_digest), response_digest = coalesce(o.response_digest, c.response_digest),
             receipt = o.receipt, error = o.error, duration_ms = o.duration_ms, output_content_id = o.output_content_id,
             finished_at = CASE WHEN o.to_state = 'uncertain' THEN NULL ELSE clock_timestamp() END
        FROM outcome o
       WHERE c.tenant_id = o.tenant_id AND c.id = o.id AND c.step_id = o.step_id AND c.state IN ('intended', 'uncertain')
      RETURNING c.id
    )
    SELECT app.refuse_partial('calls', (SELECT count(*) FROM outcome), (SELECT count(*) FROM ended))`,
};

const insertWritten: Statement = {
  name: 'commit.written_versions',
  // The versions of a record that a write made: their events are our own echo.
  text: `
    INSERT INTO execution.written_versions (tenant_id, instance_id, dedupe_key, call_id)
    SELECT w.tenant_id, c.instance_id, w.dedupe_key, w.call_id
      FROM (${keptRows(WRITTEN_COLUMNS)}) w JOIN execution.tool_calls c ON c.tenant_id = w.tenant_id AND c.id = w.call_id
     WHERE c.instance_id IS NOT NULL
    ON CONFLICT DO NOTHING`,
};

const moveSteps: Statement = {
  name: 'commit.move_steps',
  text: `WITH change AS (${keptRows(STEP_COLUMNS)}), ${MOVE_STEPS} SELECT app.refuse_partial('steps', (SELECT count(*) FROM change), (SELECT count(*) FROM changed))`,
};

const moveRuns: Statement = {
  name: 'commit.move_runs',
  text: `WITH run_change AS (${keptRows(RUN_COLUMNS)}), ${MOVE_RUNS} SELECT app.refuse_partial('runs', (SELECT count(*) FROM run_change), (SELECT count(*) FROM run_changed))`,
};

const appendEvents: Statement = {
  name: 'commit.events',
  text: `SELECT audit.append_all(${AUDIT_COLUMNS.map((_, index) => `$${index + 1}::text[]`).join(', ')}, $${AUDIT_COLUMNS.length + 1}::int[], ${KEPT}) AS events`,
};

/** In the order in which rows refer to one another. */
function writesOf(units: readonly Unit[]): Ask[] {
  const asks: Ask[] = [];
  const add = <Name extends keyof Rows>(name: Name, statement: Statement, columns: ReadonlyArray<Column<Rows[Name][number]>>): void => {
    const rows: Array<Rows[Name][number]> = [];
    const unitOf: number[] = [];
    for (const [unit, parts] of units.entries()) {
      for (const { rows: { [name]: these = [] } } of parts) {
        for (const row of these as Rows[Name]) {
          rows.push(row);
          unitOf.push(unit);
        }
      }
    }
    if (rows.length > 0) asks.push({ statement, values: [...columnsOf(columns, rows), ints(unitOf)] });
  };
  add('decisions', insertDecisions, DECISION_COLUMNS);
  add('contents', insertContents, CONTENT_COLUMNS);
  add('intents', insertIntents, INTENT_COLUMNS);
  add('outcomes', updateOutcomes, OUTCOME_COLUMNS);
  add('written', insertWritten, WRITTEN_COLUMNS);
  add('costs', insertCosts, COST_COLUMNS);
  add('steps', moveSteps, STEP_COLUMNS);
  add('runs', moveRuns, RUN_COLUMNS);
  add('events', appendEvents, AUDIT_COLUMNS);
  return asks;
}

const findEvents: Statement = { name: 'commit.find_events', text: 'SELECT id FROM audit.events WHERE tenant_id = ANY ($1::text[]) AND id = ANY ($2::text[])' };

/** Which of these units are committed: after a connection broke nobody knows until it is looked up. A part is there if its first event is. */
export async function findCommitted(database: Database, units: readonly Unit[]): Promise<ReadonlySet<Unit>> {
  const tenantIds = [...new Set(units.map(([{ holder }]) => holder.tenantId))];
  const [rows = []] = await database.atOnce(tenantIds, [{ statement: findEvents, values: [texts(tenantIds), texts(units.map(firstEventOf))] }]);
  const there = new Set((rows as Array<{ id: string }>).map(({ id }) => id));
  return new Set(units.filter((unit) => there.has(firstEventOf(unit))));
}

function firstEventOf([{ rows: { events } }]: Unit): string {
  return events[0]?.id ?? '';
}
