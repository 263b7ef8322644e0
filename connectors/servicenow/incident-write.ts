import type { ActionContext, JsonObject, Prepared, Receipt } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { patchRecord, readRecord } from './client.ts';
import type { Row } from './client.ts';
import { CLOSED_STATES } from './incident.ts';
import { forgetLists } from './reference-lists.ts';

/** The fields that we write, all of them stored values. Priority is not among them: the instance computes it. */
export const WRITABLE = ['category', 'subcategory', 'impact', 'urgency', 'assignment_group'] as const;
const READ_BACK = ['sys_id', 'number', 'state', 'priority', 'sys_mod_count', ...WRITABLE] as const;

/** ServiceNow cancels a Table API transaction after 60 s by default; until then a request that timed out here may still take effect there. */
export const TRANSACTION_ENDS_AFTER_MS = 60_000;

export type Values = Readonly<Record<string, string>>;

/** A write that was made, and the record as it was seen afterwards. */
export interface Written {
  /** The version that the write itself made, as its answer says. */
  readonly version: string;
  /** The record right after the write; the answer to the write where it could not be read again. */
  readonly row: Row;
  readonly readBack: boolean;
}

/**
 * One PATCH of `values` and one work note, and a look at the record afterwards. Sending it twice writes the note twice: after an unknown
 * outcome it is looked up by its reference first.
 */
export async function writeIncident(context: ActionContext, sysId: string, values: Values, workNote: string): Promise<Written> {
  const answer = await patch(context, sysId, { ...values, work_notes: workNote });
  const version = answer['sys_mod_count']?.value ?? '';
  try {
    return { version, row: await readRecord(context, 'incident', sysId, READ_BACK), readBack: true };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    // The write is done: failing to look at it again must not make it look undone.
    return { version, row: answer, readBack: false };
  }
}

async function patch(context: ActionContext, sysId: string, values: Values): Promise<Row> {
  try {
    return await patchRecord(context, 'incident', sysId, values, READ_BACK);
  } catch (error) {
    // A rule that the lists did not show may have refused a value: the next attempt reads them afresh.
    if (error instanceof ConnectorError && (error.code === 'peer_refused' || error.code === 'peer_forbidden')) forgetLists(context);
    throw lookedUpLater(error);
  }
}

/** Asking at once could find nothing, send again, and see both arrive. */
export function lookedUpLater(error: unknown): unknown {
  const maybeUnderWay = error instanceof ConnectorError && error.effect === 'unknown' && (error.code === 'peer_timeout' || error.code === 'call_aborted');
  if (!maybeUnderWay) return error;
  return new ConnectorError({ code: error.code, message: error.message, effect: 'unknown', retryable: true, retryAfterMs: TRANSACTION_ENDS_AFTER_MS, cause: error });
}

/** The record's version right before a write. @throws ConnectorError target_closed */
export async function requireOpen(context: ActionContext, target: Prepared['target']): Promise<string> {
  const now = await readRecord(context, 'incident', target.id, ['sys_mod_count', 'state']);
  if (CLOSED_STATES.has(now['state']?.value ?? '')) {
    throw new ConnectorError({ code: 'target_closed', effect: 'none', retryable: false, message: `The incident ${target.label} was resolved, closed or canceled since it was approved.` });
  }
  return now['sys_mod_count']?.value ?? '';
}

/** @throws ConnectorError target_closed, target_changed */
export async function requireUnchanged(context: ActionContext, target: Prepared['target']): Promise<void> {
  const version = await requireOpen(context, target);
  if (version === target.version) return;
  throw new ConnectorError({ code: 'target_changed', effect: 'none', retryable: true, message: `The incident ${target.label} has changed since it was approved (version ${target.version}, now ${version}); it is proposed anew.` });
}

/** While an incident is open we may write to it. @throws ConnectorError target_closed */
export function requireOpenState(incident: JsonObject): void {
  if (!CLOSED_STATES.has(String(incident['state']))) return;
  throw new ConnectorError({ code: 'target_closed', effect: 'none', retryable: false, message: `The incident ${String(incident['number'])} is resolved, closed or canceled, so nothing is written to it.` });
}

export type FoundNote = { readonly happened: true; readonly incident: JsonObject; readonly version: string | null } | { readonly happened: false } | { readonly happened: 'unknown'; readonly why: string };

/**
 * Whether the write whose note carries `reference` happened. `version` is the one that it made, known only where no other write can have
 * come after it.
 */
export async function findWrite(context: ActionContext, target: Prepared['target'], reference: unknown): Promise<FoundNote> {
  const incident = await context.call('servicenow/incident.get', { sys_id: target.id });
  // Every write raises the count, so an unchanged one rules ours out, whatever the journal shows.
  if (incident['sys_mod_count'] === target.version) return { happened: false };
  const { entries, readable } = await context.call('servicenow/journal.find', { sys_id: target.id, reference: String(reference ?? '') });
  const next = String(Number(target.version) + 1);
  if (Array.isArray(entries) && entries.length > 0) return { happened: true, incident, version: incident['sys_mod_count'] === next ? next : null };
  if (readable === true) return { happened: false };
  return { happened: 'unknown', why: 'The credential may not read work notes, so whether our note was written cannot be seen; grant it read on sys_journal_field, or look at the record.' };
}

/** What a write leaves behind. `versionMade` is null where another write may have come in between. */
export function receiptOf(of: { readonly sysId: string; readonly before: string; readonly after: string | null; readonly versionMade: string | null; readonly fields: readonly string[]; readonly verified: boolean }): Receipt {
  return {
    target_id: of.sysId, version_before: of.before, version_after: of.after, written_versions: of.versionMade === null ? [] : eventKeysOf(of.sysId, of.versionMade),
    fields_written: of.fields, verified_by_reading_back: of.verified,
  };
}

/** The dedupe keys under which this version of the record may be announced: by each trigger of the manifest. */
function eventKeysOf(sysId: string, version: string): string[] {
  return [`${sysId}:${version}`, `${sysId}:${version}:update`];
}

/** The stored value of a field of `incident.get`'s output. */
export function storedValue(incident: JsonObject, name: string): string {
  const value = incident[name];
  if (value === undefined || value === null) return '';
  return typeof value === 'object' && !Array.isArray(value) ? String(value['value'] ?? '') : String(value as string | number | boolean);
}

export function targetOf(prepared: Prepared | null): Prepared['target'] {
  if (prepared !== null) return prepared.target;
  throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: 'A write needs the target that it was prepared for.' });
}
