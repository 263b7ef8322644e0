/** What is learnt of an incident, in the order in which predictions list it. */
export const LABELS = ['category', 'subcategory', 'assignment_group', 'impact', 'urgency'] as const;
export type LabelName = (typeof LABELS)[number];

/** Learnt and predicted tickets come from this connector. */
export const SOURCE_CONNECTOR = 'servicenow';

/**
 * A subcategory means something only together with its category ("email" exists under several), so the pair is learnt as one value.
 * The separator is a control character that no choice value holds.
 */
const SEPARATOR = '\u001f';

export function joinSubcategory(category: string, subcategory: string): string {
  return category === '' || subcategory === '' ? '' : `${category}${SEPARATOR}${subcategory}`;
}

export function splitSubcategory(value: string): { readonly category: string; readonly subcategory: string } {
  const [category = '', subcategory = ''] = value.split(SEPARATOR);
  return { category, subcategory };
}

/** Tickets are learnt under both names, so that a prediction can say which similar tickets it rests on as people call them. */
export function ticketId(sysId: string, number: string): string {
  return `${sysId}:${number}`;
}

export function splitTicketId(id: string): { readonly id: string; readonly number: string } {
  const at = id.indexOf(':');
  return at < 0 ? { id, number: '' } : { id: id.slice(0, at), number: id.slice(at + 1) };
}
