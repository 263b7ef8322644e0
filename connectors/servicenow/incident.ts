import type { JsonObject } from '../sdk/connector.ts';
import type { Row } from './client.ts';

/** The fields that we read of an incident. Journals are not among them: what people write to one another stays there. */
export const INCIDENT_FIELDS = [
  'sys_id', 'number', 'short_description', 'description', 'category', 'subcategory', 'impact', 'urgency', 'priority', 'state',
  'assignment_group', 'sys_mod_count', 'sys_updated_on', 'sys_updated_by', 'sys_created_on',
] as const;

/** Resolved, Closed, Canceled: nothing is written to them (integrations vary the labels, hardly ever the values). */
export const CLOSED_STATES: ReadonlySet<string> = new Set(['6', '7', '8']);

/** UTF-16 code units. Mail pasted into a ticket can be megabytes; what a person or a model reads of it is at its beginning. */
export const MAX_TEXT = 65_536;

/** A row as actions give it: stored values, and for the group its name too. Longer texts end in `…`. */
export function flatIncident(row: Row): JsonObject {
  return Object.fromEntries(Object.entries(row).map(([name, { value, display }]) => [name, name === 'assignment_group' ? { value, display_value: display } : cut(value)]));
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

export interface Incident {
  readonly sys_id: string;
  readonly number: string;
  readonly category: string;
  readonly subcategory: string;
  readonly impact: string;
  readonly urgency: string;
  readonly priority: string;
  readonly state: string;
  readonly assignment_group: { readonly value: string; readonly display_value: string };
  readonly sys_mod_count: string;
}
