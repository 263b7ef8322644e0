import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { isObject } from './plan-run.ts';
import { lockSubject, readRecentStarts, stopSubject } from './queries.ts';
import type { DeliveryRow, RecentStarts } from './queries.ts';

/** How many events of one record may start runs in a rolling minute, and for how long none does after that. */
export interface LoopLimits {
  readonly starts: number;
  readonly pauseMs: number;
}

/** Why a delivery starts nothing: for the audit event that says so. */
export interface LoopFound {
  readonly starts_in_last_minute: number;
  readonly starts_allowed: number;
  readonly stopped_until: string;
  /** Whether this delivery is the one that was too many, or came while the record is stopped. */
  readonly tripped: boolean;
}

const DEFAULT_STARTS = 3;
const DEFAULT_PAUSE_MINUTES = 10;

/**
 * Whether this event is a record going round: what we write makes somebody else's automation change the record, which comes back as an
 * event and makes us write again. Our own versions are known as echoes; this is for the versions that others make of them. A record that
 * only people change never trips it: at least one of its runs must have written within the minute.
 */
export async function findLoop(tx: Transaction, delivery: DeliveryRow): Promise<LoopFound | null> {
  const limits = readLimits(delivery.loop_guard);
  // Several workers may have events of the same record in hand: each counts what the one before it has started.
  await lockSubject(tx, delivery);
  const recent = await readRecentStarts(tx, delivery);
  if (recent.stopped_until !== null) return described(recent, limits, recent.stopped_until, false);
  if (recent.starts < limits.starts || !recent.wrote) return null;
  return described(recent, limits, await stopSubject(tx, delivery, recent.starts, limits.pauseMs), true);
}

function described(recent: RecentStarts, limits: LoopLimits, until: Date, tripped: boolean): LoopFound {
  return { starts_in_last_minute: recent.starts, starts_allowed: limits.starts, stopped_until: until.toISOString(), tripped };
}

/** The instance's setting `loop_guard: {starts_per_minute, pause_minutes}`. What is no whole number in range is as if it were not there. */
export function readLimits(setting: JsonObject[string] | undefined): LoopLimits {
  const given = isObject(setting) ? setting : {};
  return {
    starts: wholeNumber(given['starts_per_minute'], 1, 1_000) ?? DEFAULT_STARTS,
    pauseMs: (wholeNumber(given['pause_minutes'], 1, 1_440) ?? DEFAULT_PAUSE_MINUTES) * 60_000,
  };
}

function wholeNumber(value: unknown, low: number, high: number): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high ? value : null;
}
