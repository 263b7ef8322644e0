import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Position } from '../api/page.ts';
import type { RunRow } from './queries.ts';
import type { Call } from '../api/operation.ts';

export type RunFilters = Omit<Call<'listRuns'>['query'], 'limit' | 'cursor'>;

/** Runs that a search with filters looks at for one page, newest first. It bounds what a filter that fits nothing can cost. */
export const LOOKED_AT = 10_000;

export interface Found {
  readonly rows: readonly RunRow[];
  /** The oldest run that was looked at, where there are older ones to look at. */
  readonly lookedBackTo: Position | null;
}

interface FoundRow extends RunRow {
  readonly looked_at: number;
  readonly last_at: string;
  readonly last_id: string;
}

/** Up to `limit` runs that fit, among the newest `LOOKED_AT` after `after` that an index finds. */
export async function findRuns(tx: Transaction, place: { readonly tenantId: string; readonly workspaceId: string }, filters: RunFilters, after: Position | null, limit: number): Promise<Found> {
  const query = new Query([place.tenantId, place.workspaceId]);
  const candidates = candidatesOf(query, filters, after);
  const conditions = conditionsOf(query, filters);
  const lookedAt = conditions.length === 0 ? limit : LOOKED_AT;
  const text = `
    WITH looked_at AS MATERIALIZED (
      SELECT ${COLUMNS} FROM execution.runs r WHERE ${candidates.join('\n         AND ')}
       ORDER BY r.created_at DESC, r.id DESC LIMIT ${query.value(lookedAt)}),
    last AS (SELECT created_at, id, (SELECT count(*)::int FROM looked_at) AS looked_at FROM looked_at ORDER BY created_at, id LIMIT 1),
    found AS (
      SELECT r.*, e.name AS environment FROM looked_at r JOIN control.environments e ON (e.tenant_id, e.id) = (r.tenant_id, r.environment_id)
       ${conditions.length === 0 ? '' : `WHERE ${conditions.join('\n         AND ')}`}
       ORDER BY r.created_at DESC, r.id DESC LIMIT ${query.value(limit)})
    -- one row at least where anything was looked at, so that a page without a run still says how far it got
    SELECT f.*, l.looked_at, ${timeText('l.created_at')} AS last_at, l.id AS last_id, ${timeText('f.created_at')} AS cursor_at
      FROM last l LEFT JOIN found f ON true ORDER BY f.created_at DESC, f.id DESC`;
  const rows = await tx.rows<FoundRow>({ name: `runs.search:${query.shape}`, text }, query.values);
  const [first] = rows;
  return {
    rows: rows.filter((row) => row.id !== null),
    lookedBackTo: first === undefined || first.looked_at < lookedAt ? null : { at: first.last_at, id: first.last_id },
  };
}

const COLUMNS = ['tenant_id', 'id', 'workflow_id', 'workflow_name', 'workflow_version', 'environment_id', 'state', 'subject', 'subject_label', 'cost_usd',
  'created_at', 'started_at', 'finished_at', 'error', 'paused_at'].map((name) => (name === 'cost_usd' ? 'r.cost_usd::text AS cost_usd' : `r.${name}`)).join(', ');

/** What an index finds: these decide which runs are looked at. */
function candidatesOf(query: Query, { state, from, to, q, attention, paused }: RunFilters, after: Position | null): string[] {
  const where = ['r.tenant_id = $1', 'r.workspace_id = $2'];
  if (from !== undefined) where.push(`r.created_at >= ${query.value(from, 'from')}::timestamptz`);
  if (to !== undefined) where.push(`r.created_at < ${query.value(to, 'to')}::timestamptz`);
  if (after !== null) where.push(`(r.created_at, r.id) < (${query.value(after.at, 'after')}::timestamptz, ${query.value(after.id)})`);
  // As literals, so that the planner sees that a partial index has them all.
  const partial = state === undefined ? undefined : PARTIAL.find(({ states }) => state.every((one) => states.includes(one)));
  if (partial !== undefined) where.push(query.note(partial.where, partial.name));
  if (paused === true) where.push(query.note('r.paused_at IS NOT NULL', 'paused'));
  if (attention === true) where.push(query.note(`r.id IN (${NEEDING_ATTENTION})`, 'attention'));
  if (q !== undefined && RUN_ID.test(q)) where.push(`r.id = ${query.value(q, 'id')}`);
  return where;
}

/** What is looked at in each of them. */
function conditionsOf(query: Query, { state, workflow, environment, q, error_code, step, attention, paused }: RunFilters): string[] {
  const where: string[] = [];
  if (state !== undefined) where.push(`r.state = ANY (${query.value(state, 'state')}::text[])`);
  if (workflow !== undefined) where.push(`r.workflow_name = ${query.value(workflow, 'workflow')}`);
  if (environment !== undefined) where.push(`e.name = ${query.value(environment, 'environment')}`);
  if (q !== undefined && !RUN_ID.test(q)) {
    const pattern = query.value(containing(q), 'q');
    where.push(`(r.id ILIKE ${pattern} OR r.subject ILIKE ${pattern} OR r.subject_label ILIKE ${pattern})`);
  }
  if (error_code !== undefined) {
    const code = query.value(error_code, 'error_code');
    where.push(`(r.error->>'code' = ${code} OR EXISTS (SELECT FROM execution.steps s WHERE s.tenant_id = $1 AND s.run_id = r.id AND s.error->>'code' = ${code}))`);
  }
  if (step !== undefined) {
    const key = query.value(step, 'step');
    where.push(`EXISTS (SELECT FROM execution.steps s WHERE s.tenant_id = $1 AND s.run_id = r.id AND (s.key = ${key} OR starts_with(s.key, ${key} || '['))
                         AND s.state IN ('ready', 'leased', 'waiting', 'retrying', 'uncertain', 'failed', 'dead'))`);
  }
  if (attention === false) where.push(query.note(`r.id NOT IN (${NEEDING_ATTENTION})`, 'no_attention'));
  if (paused === false) where.push(query.note('r.paused_at IS NULL', 'not_paused'));
  return where;
}

const NEEDING_ATTENTION = `
      SELECT t.run_id FROM execution.steps t WHERE t.tenant_id = $1 AND t.state IN ('dead', 'uncertain')
      UNION ALL SELECT a.run_id FROM control.approvals a WHERE a.tenant_id = $1 AND a.workspace_id = $2 AND a.state = 'pending'`;

const PARTIAL = [
  { name: 'ended_badly', states: ['failed', 'cancelled'], where: `r.state IN ('failed', 'cancelled')` },
  { name: 'open', states: ['queued', 'running', 'waiting', 'cancelling'], where: `r.state NOT IN ('succeeded', 'failed', 'cancelled')` },
];

const RUN_ID = /^run_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

function timeText(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** An ILIKE pattern for "contains this text". */
function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
}

/** Values of a statement that is put together, and the name of its shape: one prepared statement for each combination of filters. */
class Query {
  readonly values: unknown[];
  readonly #parts: string[] = [];

  constructor(values: readonly unknown[]) {
    this.values = [...values];
  }

  get shape(): string {
    return this.#parts.join(',');
  }

  /** Adds a value; gives its placeholder. `part` names the condition that it is of. */
  value(value: unknown, part?: string): string {
    if (part !== undefined) this.#parts.push(part);
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** A condition without a value. */
  note(condition: string, part: string): string {
    this.#parts.push(part);
    return condition;
  }
}
