import type { Action, ActionContext, ActionResult, JsonObject, Prepared, Reconciled } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { findWrite, receiptOf, requireOpenState, requireUnchanged, storedValue, targetOf, WRITABLE, writeIncident } from '../incident-write.ts';
import type { Values } from '../incident-write.ts';
import { FIELD_LABELS, shownChoice } from '../field-display.ts';
import { readLists } from '../reference-lists.ts';
import type { ReferenceLists } from '../reference-lists.ts';

/**
 * `incident.undo-update`: puts the fields that an `incident.update` of ours changed back to what they were, where nobody has touched the
 * record since. It takes the `undo` of that update's output. The update's work note stays, because a journal entry cannot be taken back;
 * a second note says what was undone and by which run.
 */
export const undoUpdate: Action = {
  async prepare(context, parameters) {
    const undoes = String(parameters['undoes']);
    const [incident, note, lists] = await Promise.all([
      context.call('servicenow/incident.get', { sys_id: parameters['sys_id'] ?? '' }),
      context.call('servicenow/journal.find', { sys_id: parameters['sys_id'] ?? '', reference: undoes }),
      readLists(context, null),
    ]);
    requireOpenState(incident);
    requireOurNote(note, undoes);
    requireAsWritten(incident, parameters);
    const changes = changesOf(incident, parameters);
    const groups = await groupNames(context, incident, changes);
    const target = { id: String(incident['sys_id']), label: String(incident['number']), version: String(incident['sys_mod_count']) };
    const words = wordsOf(parameters, undoes, Object.keys(changes));
    const reference = context.referenceFor({ target, changes: { ...changes }, words });
    const work_note = `${words}\n\n[ref: ${reference}]`;
    return {
      parameters: { sys_id: target.id, undoes, ...changes, work_note, reference, validated_against: { ...lists.digests } },
      target,
      preview: {
        title: `Undo the update ${undoes} of incident ${target.label}`,
        fields: previewOf(incident, changes, lists, groups),
        additions: [{ label: 'Work note (internal)', text: work_note }, { label: 'Cannot be undone', text: `The work note of the update ([ref: ${undoes}]) stays.` }],
      },
    };
  },

  async execute(context, parameters, prepared) {
    const target = targetOf(prepared);
    await requireUnchanged(context, target);
    const { version, row, readBack } = await writeIncident(context, target.id, valuesOf(parameters), String(parameters['work_note']));
    return resultOf(parameters, target, { now: (name) => row[name]?.value ?? '', version, readBack });
  },

  async reconcile(context, parameters, prepared): Promise<Reconciled> {
    const target = targetOf(prepared);
    const found = await findWrite(context, target, parameters['reference']);
    if (found.happened !== true) return found;
    return { happened: true, result: resultOf(parameters, target, { now: (name) => storedValue(found.incident, name), version: found.version, readBack: true }) };
  },
};

/** Only a write of ours is undone: its note is on the record. */
function requireOurNote({ entries, readable }: JsonObject, undoes: string): void {
  if (Array.isArray(entries) && entries.length > 0) return;
  const why = readable === true ? `no work note of this incident carries [ref: ${undoes}], so no update of ours is known that could be undone` : 'the credential may not read work notes, so whether that update is ours cannot be seen; grant it read on sys_journal_field';
  throw new ConnectorError({ code: 'reference_not_found', effect: 'none', retryable: false, message: `undoes: ${why}.` });
}

/** What somebody did after us would be lost with it. @throws ConnectorError target_changed, naming what is different now */
function requireAsWritten(incident: JsonObject, parameters: JsonObject): void {
  const { version, written } = parameters;
  if (incident['sys_mod_count'] === version) return;
  const after = written as Values;
  const changed = WRITABLE.filter((name) => after[name] !== undefined && storedValue(incident, name) !== after[name]);
  const what = changed.length === 0 ? 'none of the fields that it wrote, but something else of the record' : changed.map((name) => FIELD_LABELS[name] ?? name).join(', ');
  throw new ConnectorError({
    code: 'target_changed', effect: 'none', retryable: false,
    message: `The incident ${String(incident['number'])} was changed after that update (version ${String(version)}, now ${String(incident['sys_mod_count'])} of ${String(incident['sys_updated_on'])} UTC), so it is not undone. What changed: ${what}.`,
  });
}

function changesOf(incident: JsonObject, parameters: JsonObject): Values {
  const before = parameters['before'] as Values;
  const changes = Object.fromEntries(WRITABLE.flatMap((name) => (before[name] !== undefined && before[name] !== storedValue(incident, name) ? [[name, before[name]]] : [])));
  if (Object.keys(changes).length > 0) return changes;
  throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: 'before: every field has that value already, so there is nothing to undo.' });
}

/** Names of the group before and after. @throws ConnectorError reference_not_found where the former group takes no work any more */
async function groupNames(context: ActionContext, incident: JsonObject, changes: Values): Promise<{ readonly now: string; readonly former: string }> {
  const group = incident['assignment_group'] as JsonObject;
  const former = changes['assignment_group'];
  if (former === undefined || former === '') return { now: String(group['display_value']), former: '' };
  const { name, active } = await context.call('servicenow/group.get', { sys_id: former });
  if (active === true) return { now: String(group['display_value']), former: String(name) };
  throw new ConnectorError({ code: 'reference_not_found', effect: 'none', retryable: false, message: 'assignment_group: the group that had the incident before is not active any more; assign the incident by hand.' });
}

function wordsOf(parameters: JsonObject, undoes: string, fields: readonly string[]): string {
  const why = typeof parameters['work_note'] === 'string' && parameters['work_note'].trim() !== '' ? `${parameters['work_note']}\n\n` : '';
  return `${why}Undone through Countersign: the update [ref: ${undoes}]. Back to what they were before it: ${fields.map((name) => FIELD_LABELS[name] ?? name).join(', ')}. Its work note stays.`;
}

function previewOf(incident: JsonObject, changes: Values, lists: ReferenceLists, groups: { readonly now: string; readonly former: string }): Prepared['preview']['fields'] {
  const category = storedValue(incident, 'category');
  return Object.entries(changes).map(([name, value]) => {
    const label = FIELD_LABELS[name] ?? name;
    if (name === 'assignment_group') return { name, label, before: groups.now, after: groups.former };
    return {
      name, label,
      before: shownChoice(lists.choices, name, storedValue(incident, name), category),
      after: shownChoice(lists.choices, name, value, changes['category'] ?? category),
    };
  });
}

function resultOf(parameters: JsonObject, target: Prepared['target'], after: { readonly now: (name: string) => string; readonly version: string | null; readonly readBack: boolean }): ActionResult {
  const { now, version, readBack } = after;
  const values = valuesOf(parameters);
  const notKept = Object.keys(values).filter((name) => now(name) !== values[name]);
  return {
    output: {
      sys_id: target.id, number: now('number'), sys_mod_count: now('sys_mod_count'), priority: now('priority'), undoes: parameters['undoes'] ?? '',
      fields_restored: Object.keys(values), not_kept: notKept, not_undone: ['work_notes'],
    },
    receipt: receiptOf({ sysId: target.id, before: target.version, after: now('sys_mod_count'), versionMade: version, fields: [...Object.keys(values), 'work_notes'], verified: readBack && notKept.length === 0 }),
  };
}

function valuesOf(parameters: JsonObject): Values {
  return Object.fromEntries(WRITABLE.flatMap((name) => (typeof parameters[name] === 'string' ? [[name, parameters[name]]] : [])));
}
