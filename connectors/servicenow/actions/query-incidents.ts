import type { Action } from '../../sdk/connector.ts';
import { queryRecords } from '../client.ts';
import { flatIncident } from '../incident.ts';

/** `incident.query`: one page of an encoded query. */
export const queryIncidents: Action = {
  async execute(context, { query, fields, limit, offset = 0 }) {
    const page = await queryRecords(context, 'incident', { query: String(query), fields: fields as string[], limit: Number(limit), offset: Number(offset) });
    return { output: { records: page.rows.map(flatIncident), total: page.total } };
  },
};
