import type { Action, JsonObject } from '../../sdk/connector.ts';
import { queryRecords } from '../client.ts';
import { flatIncident } from '../incident.ts';

/** Small enough that a page of long tickets stays far below what egress accepts. */
const PAGE = 250;
const FIELDS = ['sys_id', 'number', 'short_description', 'description', 'category', 'subcategory', 'assignment_group', 'impact', 'urgency'];

/** `incidents.resolved`: resolved and closed incidents with the values they ended with, newest first, or those asked for. */
export const listResolvedIncidents: Action = {
  async execute(context, { cursor, ids }) {
    if (Array.isArray(ids) && ids.length === 0) return { output: { tickets: [], cursor: null } };
    const query = Array.isArray(ids) ? `sys_idIN${ids.join(',')}^ORDERBYsys_id` : 'stateIN6,7^ORDERBYDESCsys_created_on^ORDERBYsys_id';
    const offset = typeof cursor === 'string' ? Number(cursor) : 0;
    const { rows } = await queryRecords(context, 'incident', { query, fields: FIELDS, limit: PAGE, offset });
    return { output: { tickets: rows.map(flatIncident).map(ticketOf), cursor: Array.isArray(ids) || rows.length < PAGE ? null : String(offset + PAGE) } };
  },
};

function ticketOf(incident: JsonObject): JsonObject {
  const { sys_id: id = '', number = '', short_description = '', description = '', category = '', subcategory = '', assignment_group: group, impact = '', urgency = '' } = incident;
  const assignment_group = typeof group === 'object' && group !== null && !Array.isArray(group) ? (group['display_value'] ?? '') : '';
  return { id, number, short_description, description, labels: { category, subcategory, assignment_group, impact, urgency }, tags: [] };
}
