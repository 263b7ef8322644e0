/** What is learnt of a ticket, in the order in which predictions list it. */
export const LABELS = ['category', 'subcategory', 'assignment_group', 'impact', 'urgency'] as const;
export type LabelName = (typeof LABELS)[number];

/** Tickets come from this connector where no other is named. */
export const DEFAULT_SOURCE_CONNECTOR = 'servicenow';

/** Of tags a ticket has any number, so each is learnt by itself: given or not. */
const TAG = 'tag:';
export const GIVEN = 'yes';
export const NOT_GIVEN = 'no';

export function tagLabel(tag: string): string {
  return `${TAG}${tag}`;
}

/** The tag of such a label, or null where it is another one. */
export function tagOf(label: string): string | null {
  return label.startsWith(TAG) ? label.slice(TAG.length) : null;
}

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
export function ticketId(id: string, number: string): string {
  return `${id}:${number}`;
}

export function splitTicketId(id: string): { readonly id: string; readonly number: string } {
  // What people call it has no colon; an id may be an address, and has.
  const at = id.lastIndexOf(':');
  return at < 0 ? { id, number: '' } : { id: id.slice(0, at), number: id.slice(at + 1) };
}
