import type { Action } from '../../sdk/connector.ts';
import { queryRecords } from '../client.ts';

/**
 * `priority.rules`: how this instance computes priority from impact and urgency. Priority itself is read-only: writing it has no lasting
 * effect. Source: ServiceNow documentation, "Define priority lookup rules" (table dl_u_priority).
 */
export const readPriorityRules: Action = {
  async execute(context) {
    const { rows } = await queryRecords(context, 'dl_u_priority', { query: 'active=true^ORDERBYorder', fields: ['impact', 'urgency', 'priority'], limit: 500 });
    return {
      output: { rules: rows.map((row) => ({ impact: row['impact']?.value ?? '', urgency: row['urgency']?.value ?? '', priority: row['priority']?.value ?? '' })) },
    };
  },
};
