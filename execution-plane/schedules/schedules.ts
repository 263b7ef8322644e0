import { readTimeTable } from '@countersign/platform/clock/cron.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { Tenants } from '../loops/tenants.ts';
import { decideDue } from './decide-due.ts';
import { findActiveSchedules, followSchedule, lockSchedule } from './queries.ts';
import type { ActiveSchedule } from './queries.ts';

export interface SchedulesOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly log: Logger;
  readonly worker: string;
  /** Told when there are deliveries. */
  readonly onDue: () => void;
}

export const SCHEDULES_EVERY_MS = 1_000;

/**
 * Makes deliveries of what is due by the clock, the database's. Every worker looks; whoever has the lock of a schedule moves it on, and each
 * due time is one delivery even if two did.
 */
export class Schedules {
  readonly #options: SchedulesOptions;
  /** When each is due next: working it out takes longer than looking. Forgotten when its time table or its progress is another. */
  readonly #next = new Map<string, { readonly of: string; readonly at: Date | null }>();

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  async turn(): Promise<boolean> {
    const { database, tenants, onDue } = this.#options;
    const schedules = await database.forTenants(await tenants.ids(), findActiveSchedules);
    this.#forgetOthers(schedules);
    let started = 0;
    for (const schedule of schedules) if (this.#isDue(schedule)) started += await this.#follow(schedule);
    if (started > 0) onDue();
    return false;
  }

  #isDue(schedule: ActiveSchedule): boolean {
    const { id, trigger, from, now } = schedule;
    const of = `${trigger.cron} ${trigger.time_zone} ${from.getTime()}`;
    const known = this.#next.get(id);
    const next = known?.of === of ? known : { of, at: readTimeTable(trigger.cron, trigger.time_zone).after(from) };
    this.#next.set(id, next);
    return next.at !== null && next.at <= now;
  }

  /** Gives how many deliveries it made. */
  #follow({ tenant_id, id }: ActiveSchedule): Promise<number> {
    const { database, log, worker } = this.#options;
    return database.forTenant(tenant_id, async (tx) => {
      const schedule = await lockSchedule(tx, { tenant_id, id });
      if (schedule === undefined) return 0;
      const { trigger, from, now } = schedule;
      const { times, skipped } = decideDue(readTimeTable(trigger.cron, trigger.time_zone), from, now, trigger.catch_up);
      if (times.length + skipped === 0) return 0;
      if (skipped > 0) log.warn({ schedule_id: id, skipped, catch_up: trigger.catch_up }, 'no worker was there when a schedule was due; these times are left out');
      await followSchedule(tx, schedule, times.map((dueAt) => ({ id: newId('delivery'), dueAt })), skipped, skipped > 0 ? [missed(schedule, skipped, worker)] : []);
      return times.length;
    });
  }

  #forgetOthers(schedules: readonly ActiveSchedule[]): void {
    const ids = new Set(schedules.map((schedule) => schedule.id));
    for (const id of this.#next.keys()) if (!ids.has(id)) this.#next.delete(id);
  }
}

function missed({ tenant_id, workspace_id, id, workflow_name, trigger, from, now }: ActiveSchedule, skipped: number, worker: string): NewAuditEvent {
  return {
    type: 'schedule.missed', tenant_id, workspace_id, run_id: null, actor: { kind: 'worker', id: worker }, subject: { kind: 'schedule', id },
    data: { workflow: workflow_name, skipped, catch_up: trigger.catch_up, from: from.toISOString(), until: now.toISOString() },
  };
}
