import type { Action, Reconciled } from '../../sdk/connector.ts';
import { findWrite, receiptOf, requireOpen, requireOpenState, storedValue, targetOf, writeIncident } from '../incident-write.ts';

/**
 * `incident.add-work-note`: one internal note and nothing else. It lands on whatever version the record has by then, because a note
 * replaces nothing; only a closed incident is left alone. A second sending would be a second note, so an unknown outcome is looked up
 * by the reference in it.
 */
export const addWorkNote: Action = {
  async prepare(context, parameters) {
    const incident = await context.call('servicenow/incident.get', { sys_id: parameters['sys_id'] ?? '' });
    requireOpenState(incident);
    const target = { id: String(incident['sys_id']), label: String(incident['number']), version: String(incident['sys_mod_count']) };
    const words = String(parameters['work_note']);
    const reference = context.referenceFor({ target, words });
    const work_note = `${words}\n\n[ref: ${reference}]`;
    return {
      parameters: { sys_id: target.id, work_note, reference },
      target,
      preview: { title: `Add a work note to incident ${target.label}`, fields: [], additions: [{ label: 'Work note (internal)', text: work_note }] },
    };
  },

  async execute(context, parameters, prepared) {
    const target = targetOf(prepared);
    const before = await requireOpen(context, target);
    const { version, row, readBack } = await writeIncident(context, target.id, {}, String(parameters['work_note']));
    const after = row['sys_mod_count']?.value ?? '';
    return {
      output: { sys_id: target.id, number: row['number']?.value ?? '', sys_mod_count: after },
      receipt: receiptOf({ sysId: target.id, before, after, versionMade: version, fields: ['work_notes'], verified: readBack }),
    };
  },

  async reconcile(context, parameters, prepared): Promise<Reconciled> {
    const target = targetOf(prepared);
    const found = await findWrite(context, target, parameters['reference']);
    if (found.happened !== true) return found;
    const after = storedValue(found.incident, 'sys_mod_count');
    return {
      happened: true,
      result: {
        output: { sys_id: target.id, number: storedValue(found.incident, 'number'), sys_mod_count: after },
        receipt: receiptOf({ sysId: target.id, before: target.version, after, versionMade: found.version, fields: ['work_notes'], verified: true }),
      },
    };
  },
};
