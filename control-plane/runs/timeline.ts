import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { cursorOf, positionOf } from '../api/page.ts';
import { findTimelineRun, timelineEntries, timelineSteps } from './repository-timeline.ts';
import type { TimelineEntryRow, TimelineRunRow, TimelineStepRow } from './repository-timeline.ts';
import { waitingFor } from './waiting-for.ts';

type Schemas = components['schemas'];

const MAX_STEPS = 500;

/** What happened in a run, in order, and what each step that has not ended waits for: metadata only, no content. */
export class RunTimelines {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async getRunTimeline({ principal, path: { run_id }, query: { limit = 500, cursor } }: Call<'getRunTimeline'>): Promise<Answer<'getRunTimeline'>> {
    const { tenantId, workspaceId } = principal;
    const after = positionOf(cursor);
    const body = await this.#database.forTenant(tenantId, async (tx) => {
      const run = await tx.maybeOne<TimelineRunRow>(findTimelineRun, [tenantId, workspaceId, run_id]);
      if (run === undefined) throw new ApiError('not_found', 'There is no such run.');
      const rows = await tx.rows<TimelineEntryRow>(timelineEntries, [tenantId, run_id, after?.at ?? null, after?.id ?? null, limit + 1]);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        run_id, state: run.state, at: run.now.toISOString(), paused: pausedOf(run), ...await readSteps(tx, tenantId, run_id, run),
        entries: page.map(entryOf), next_cursor: rows.length > limit && last !== undefined ? cursorOf({ at: last.cursor_at, id: last.cursor_id }) : null,
      };
    });
    return { status: 200, body };
  }
}

function pausedOf({ paused_at, paused_by, pause_reason }: TimelineRunRow): Schemas['RunTimeline']['paused'] {
  return paused_at === null ? null : { at: paused_at.toISOString(), by: paused_by, reason: pause_reason };
}

async function readSteps(tx: Transaction, tenantId: string, runId: string, run: TimelineRunRow): Promise<Pick<Schemas['RunTimeline'], 'steps' | 'steps_left_out'>> {
  const rows = await tx.rows<TimelineStepRow>(timelineSteps, [tenantId, runId, MAX_STEPS]);
  const states = new Map(rows.map(({ key, state }) => [key, state]));
  return {
    steps: rows.toSorted((a, b) => a.ordinal - b.ordinal).map((row) => stepOf(row, run, states)),
    steps_left_out: Math.max(0, (rows[0]?.total ?? 0) - rows.length),
  };
}

function stepOf(row: TimelineStepRow, run: TimelineRunRow, states: ReadonlyMap<string, string>): Schemas['TimelineStep'] {
  const { id, key, uses, state, attempt, max_attempts, fence, error, lease_owner, lease_expires_at } = row;
  const isRetried = state === 'retrying' || state === 'uncertain';
  return {
    id, key, uses, state, attempt, max_attempts, error,
    created_at: row.created_at.toISOString(), available_at: row.available_at.toISOString(), started_at: iso(row.started_at), finished_at: iso(row.finished_at),
    // While people are asked what happened, nothing is tried.
    next_attempt_at: isRetried && row.approval_id === null ? row.available_at.toISOString() : null,
    lease: lease_owner === null || lease_expires_at === null ? null
      : { worker: lease_owner, fence, expires_at: lease_expires_at.toISOString(), expired: lease_expires_at <= run.now },
    waiting_for: waitingFor(row, run, states),
  };
}

function entryOf({ cursor_at: _at, cursor_id: _id, ...row }: TimelineEntryRow): Schemas['TimelineEntry'] {
  return { ...row, at: row.at.toISOString(), ended_at: iso(row.ended_at) };
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
