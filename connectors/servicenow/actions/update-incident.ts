import type { Action, ActionContext, ActionResult, JsonObject, Prepared, Reconciled } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { patchRecord, readRecord } from '../client.ts';
import type { Row } from '../client.ts';
import { CLOSED_STATES } from '../incident.ts';
import { prepareUpdate } from './prepare-update.ts';

const WRITABLE = ['category', 'subcategory', 'impact', 'urgency', 'assignment_group'] as const;
const READ_BACK = ['sys_id', 'number', 'state', 'priority', 'sys_mod_count', ...WRITABLE] as const;

/** ServiceNow cancels a Table API transaction after 60 s by default; until then a request that timed out here may still take effect there. */
const TRANSACTION_ENDS_AFTER_MS = 60_000;

/**
 * `incident.update`. The Table API has no conditional write, so between the last look at `sys_mod_count` and the write there is a
 * window of one request; the receipt shows both versions. Sending the work note twice writes it twice: an unknown outcome is looked
 * up by our reference in the journal before anything is sent again.
 */
export const updateIncident: Action = {
  prepare: prepareUpdate,

  async execute(context, parameters, prepared) {
    const target = targetOf(prepared);
    await requireUnchanged(context, target);
    const values = valuesOf(parameters);
    const written = await patch(context, target.id, { ...values, work_notes: String(parameters['work_note'] ?? '') });
    return resultOf(values, target.version, written, await readBack(context, target.id, written));
  },

  async reconcile(context, parameters, prepared): Promise<Reconciled> {
    const target = targetOf(prepared);
    const incident = await context.call('servicenow/incident.get', { sys_id: target.id });
    // Every write raises the count, so an unchanged one rules ours out, whatever the journal shows.
    if (incident['sys_mod_count'] === target.version) return { happened: false };
    const { entries, readable } = await context.call('servicenow/journal.find', { sys_id: target.id, reference: parameters['reference'] ?? '' });
    if (Array.isArray(entries) && entries.length > 0) return { happened: true, result: resultFound(valuesOf(parameters), target, incident) };
    if (readable === true) return { happened: false };
    return { happened: 'unknown', why: 'The credential may not read work notes, so whether our note was written cannot be seen; grant it read on sys_journal_field, or look at the record.' };
  },
};

async function requireUnchanged(context: ActionContext, target: Prepared['target']): Promise<void> {
  const now = await readRecord(context, 'incident', target.id, ['sys_mod_count', 'state']);
  if (CLOSED_STATES.has(now['state']?.value ?? '')) {
    throw new ConnectorError({ code: 'target_closed', effect: 'none', retryable: false, message: `The incident ${target.label} was resolved, closed or canceled since it was approved.` });
  }
  if (now['sys_mod_count']?.value !== target.version) {
    throw new ConnectorError({ code: 'target_changed', effect: 'none', retryable: true, message: `The incident ${target.label} has changed since it was approved (version ${target.version}, now ${now['sys_mod_count']?.value}); it is proposed anew.` });
  }
}

async function patch(context: ActionContext, sysId: string, values: Readonly<Record<string, string>>): Promise<Row> {
  try {
    return await patchRecord(context, 'incident', sysId, values, READ_BACK);
  } catch (error) {
    const maybeUnderWay = error instanceof ConnectorError && error.effect === 'unknown' && (error.code === 'peer_timeout' || error.code === 'call_aborted');
    if (!maybeUnderWay) throw error;
    // Asking sooner could find nothing, send again, and see both arrive.
    throw new ConnectorError({ code: error.code, message: error.message, effect: 'unknown', retryable: true, retryAfterMs: TRANSACTION_ENDS_AFTER_MS, cause: error });
  }
}

/** The write is done: failing to look at it again must not make it look undone. Null where it could not be read. */
async function readBack(context: ActionContext, sysId: string, written: Row): Promise<{ readonly row: Row; readonly read: boolean }> {
  try {
    return { row: await readRecord(context, 'incident', sysId, READ_BACK), read: true };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return { row: written, read: false };
  }
}

/**
 * A field that the instance's own rules changed after our write is reported, not failed: the write and its note are there, and a second
 * attempt would only be changed again. What to do about it is for the workflow, which sees `not_kept`.
 */
function resultOf(values: Readonly<Record<string, string>>, versionBefore: string, written: Row, back: { readonly row: Row; readonly read: boolean }): ActionResult {
  const { row } = back;
  const sysId = row['sys_id']?.value ?? '';
  const notKept = Object.keys(values).filter((name) => row[name]?.value !== values[name]);
  return {
    output: {
      sys_id: sysId, number: row['number']?.value ?? '', sys_mod_count: row['sys_mod_count']?.value ?? '', priority: row['priority']?.value ?? '',
      fields_written: Object.keys(values), not_kept: notKept,
    },
    receipt: {
      target_id: sysId,
      version_before: versionBefore,
      version_after: row['sys_mod_count']?.value ?? null,
      written_versions: [`${sysId}:${written['sys_mod_count']?.value ?? ''}`],
      fields_written: [...Object.keys(values), 'work_notes'],
      verified_by_reading_back: back.read && notKept.length === 0,
    },
  };
}

/** Found by its note. Which version it made is certain only where no other write can have come after it. */
function resultFound(values: Readonly<Record<string, string>>, target: Prepared['target'], incident: JsonObject): ActionResult {
  const now = (name: string): string => {
    const value = incident[name];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? String(value['value']) : String(value);
  };
  const notKept = Object.keys(values).filter((name) => now(name) !== values[name]);
  const next = String(Number(target.version) + 1);
  return {
    output: { sys_id: target.id, number: now('number'), sys_mod_count: now('sys_mod_count'), priority: now('priority'), fields_written: Object.keys(values), not_kept: notKept },
    receipt: {
      target_id: target.id,
      version_before: target.version,
      version_after: now('sys_mod_count'),
      written_versions: now('sys_mod_count') === next ? [`${target.id}:${next}`] : [],
      fields_written: [...Object.keys(values), 'work_notes'],
      verified_by_reading_back: notKept.length === 0,
    },
  };
}

function valuesOf(parameters: JsonObject): Record<string, string> {
  return Object.fromEntries(WRITABLE.flatMap((name) => (typeof parameters[name] === 'string' ? [[name, parameters[name]]] : [])));
}

function targetOf(prepared: Prepared | null): Prepared['target'] {
  if (prepared !== null) return prepared.target;
  throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: 'An update needs the target that it was prepared for.' });
}
