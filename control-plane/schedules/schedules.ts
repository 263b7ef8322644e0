import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { readTimeTable } from '@countersign/platform/clock/cron.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { findSchedule, listSchedules, pauseSchedule, resumeSchedule } from './queries.ts';
import type { ScheduleRow } from './queries.ts';

type Schedule = components['schemas']['Schedule'];

export interface SchedulesParts {
  readonly database: Database;
  readonly clock: Clock;
}

/** Workflows that run by the clock. Workers start them when they are due; here they are shown, paused and resumed. */
export class Schedules {
  readonly #parts: SchedulesParts;

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
  }

  async listSchedules({ principal }: Call<'listSchedules'>): Promise<Answer<'listSchedules'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<ScheduleRow>(listSchedules, [principal.tenantId, principal.workspaceId]));
    return { status: 200, body: { items: rows.map((row) => this.#shown(row)) } };
  }

  async pauseSchedule({ principal, path, body, requestId }: Call<'pauseSchedule'>): Promise<Answer<'pauseSchedule'>> {
    return { status: 200, body: await this.#change('paused', principal, path.schedule_id, body.reason, requestId) };
  }

  async resumeSchedule({ principal, path, body, requestId }: Call<'resumeSchedule'>): Promise<Answer<'resumeSchedule'>> {
    return { status: 200, body: await this.#change('resumed', principal, path.schedule_id, body.reason, requestId) };
  }

  /** @throws ApiError `not_found`, `schedule_already_paused`, `schedule_not_paused` */
  #change(to: 'paused' | 'resumed', principal: Principal, id: string, reason: string, requestId: string): Promise<Schedule> {
    const { tenantId, workspaceId } = principal;
    const find = [tenantId, workspaceId, id];
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne<ScheduleRow>(findSchedule, find);
      if (row === undefined) throw new ApiError('not_found', 'There is no such schedule.');
      const changed = to === 'paused' ? await tx.change(pauseSchedule, [tenantId, id, principal.id, reason]) : await tx.change(resumeSchedule, [tenantId, id]);
      if (changed === 0) throw to === 'paused' ? new ApiError('schedule_already_paused', 'The schedule is paused already.') : new ApiError('schedule_not_paused', 'The schedule is not paused.');
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: `schedule.${to}`, tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal),
        subject: { kind: 'schedule', id }, data: { workflow: row.workflow_name, environment: row.environment, reason, request_id: requestId },
      });
      return this.#shown(await tx.one<ScheduleRow>(findSchedule, find));
    });
  }

  #shown({ trigger, since, handled_until, last_due_at, skipped, run_id, run_state, started_at, ...row }: ScheduleRow): Schedule {
    const { cron, time_zone, catch_up } = trigger;
    const last = last_due_at === null && (skipped ?? 0) === 0 ? null : { due_at: iso(last_due_at), started_at: iso(started_at), run_id, run_state, skipped: skipped ?? 0 };
    const due = row.enabled && row.paused_at === null;
    return { ...row, cron, time_zone, catch_up, next_due_at: due ? this.#nextOf(trigger, latest(since, handled_until)) : null, last, paused_at: iso(row.paused_at) };
  }

  /** Where no worker was there for a while, what is due next is over already; shown is what comes next by the clock. */
  #nextOf({ cron, time_zone }: ScheduleRow['trigger'], handledUntil: Date): string | null {
    return iso(readTimeTable(cron, time_zone).after(latest(handledUntil, this.#parts.clock.now())));
  }
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}

function latest(one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one;
}
