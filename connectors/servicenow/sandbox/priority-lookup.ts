/**
 * "Priority is managed by Data Lookup": priority follows from impact and urgency by the rows of `dl_u_priority`, and a
 * caller's own priority is dropped. Source: ServiceNow documentation, "Define priority lookup rules".
 */
import type { RecordStore } from './store.ts';

/** The base system's matrix: impact, urgency, priority. */
export const BASE_PRIORITY_MATRIX: ReadonlyArray<readonly [string, string, string]> = [
  ['1', '1', '1'], ['1', '2', '2'], ['1', '3', '3'],
  ['2', '1', '2'], ['2', '2', '3'], ['2', '3', '4'],
  ['3', '1', '3'], ['3', '2', '4'], ['3', '3', '5'],
];

/** The priority the active rules give, or undefined where no rule matches (the stored priority then stays). */
export function lookUpPriority(store: RecordStore, impact: string, urgency: string): string | undefined {
  const matching = store.rows('dl_u_priority').filter((rule) => rule['active'] !== 'false' && rule['impact'] === impact && rule['urgency'] === urgency);
  const [first] = matching.sort((left, right) => Number(left['order'] ?? 100) - Number(right['order'] ?? 100));
  return first?.['priority'];
}
