import type { Action } from '../../sdk/connector.ts';
import { readRecord } from '../client.ts';
import { flatIncident, INCIDENT_FIELDS } from '../incident.ts';

/** `incident.get`: the record as it is now, whatever a webhook said of it. */
export const getIncident: Action = {
  async execute(context, { sys_id: sysId }) {
    return { output: flatIncident(await readRecord(context, 'incident', String(sysId), INCIDENT_FIELDS)) };
  },
};
