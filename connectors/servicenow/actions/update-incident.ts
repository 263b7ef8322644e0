import type { Action, ActionResult, Json, JsonObject, Prepared, Reconciled } from '../../sdk/connector.ts';
import { findWrite, receiptOf, requireUnchanged, storedValue, targetOf, WRITABLE, writeIncident } from '../incident-write.ts';
import type { Values, Written } from '../incident-write.ts';
import { forgetLists } from '../reference-lists.ts';
import { prepareUpdate } from './prepare-update.ts';

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
    const written = await writeIncident(context, target.id, valuesOf(parameters), String(parameters['work_note'] ?? ''));
    const result = resultOf(parameters, target, written);
    // Rules of the instance that we do not know of: what we remember of its lists may be old too.
    if (!result.receipt?.verified_by_reading_back) forgetLists(context);
    return result;
  },

  async reconcile(context, parameters, prepared): Promise<Reconciled> {
    const target = targetOf(prepared);
    const found = await findWrite(context, target, parameters['reference']);
    if (found.happened !== true) return found;
    return { happened: true, result: resultFound(parameters, target, found) };
  },
};

/**
 * A field that the instance's own rules changed after our write is reported, not failed: the write and its note are there, and a second
 * attempt would only be changed again. What to do about it is for the workflow, which sees `not_kept`.
 */
function resultOf(parameters: JsonObject, target: Prepared['target'], { version, row, readBack }: Written): ActionResult {
  const values = valuesOf(parameters);
  const now = (name: string): string => row[name]?.value ?? '';
  const notKept = Object.keys(values).filter((name) => now(name) !== values[name]);
  return {
    output: {
      sys_id: target.id, number: now('number'), sys_mod_count: now('sys_mod_count'), priority: now('priority'),
      fields_written: Object.keys(values), not_kept: notKept, undo: undoOf(parameters, target, version, now),
    },
    receipt: receiptOf({ sysId: target.id, before: target.version, after: now('sys_mod_count'), versionMade: version, fields: [...Object.keys(values), 'work_notes'], verified: readBack && notKept.length === 0 }),
  };
}

/** Found by its note. Which version it made is certain only where no other write can have come after it. */
function resultFound(parameters: JsonObject, target: Prepared['target'], { incident, version }: { readonly incident: JsonObject; readonly version: string | null }): ActionResult {
  const values = valuesOf(parameters);
  const now = (name: string): string => storedValue(incident, name);
  const notKept = Object.keys(values).filter((name) => now(name) !== values[name]);
  return {
    output: {
      sys_id: target.id, number: now('number'), sys_mod_count: now('sys_mod_count'), priority: now('priority'),
      fields_written: Object.keys(values), not_kept: notKept, undo: version === null ? null : undoOf(parameters, target, version, now),
    },
    receipt: receiptOf({ sysId: target.id, before: target.version, after: now('sys_mod_count'), versionMade: version, fields: [...Object.keys(values), 'work_notes'], verified: notKept.length === 0 }),
  };
}

/** What `incident.undo-update` needs, ready to be given to it. Null where the values before are not known. */
function undoOf(parameters: JsonObject, target: Prepared['target'], version: string, now: (name: string) => string): Json {
  const { before, reference } = parameters;
  if (before === undefined || reference === undefined) return null;
  return { sys_id: target.id, version, undoes: reference, before, written: Object.fromEntries(WRITABLE.map((name) => [name, now(name)])) };
}

function valuesOf(parameters: JsonObject): Values {
  return Object.fromEntries(WRITABLE.flatMap((name) => (typeof parameters[name] === 'string' ? [[name, parameters[name]]] : [])));
}
