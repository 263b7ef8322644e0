/**
 * How a stored row is shown: the three forms of `sysparm_display_value`, with and without reference links.
 * Source: Table API documentation and its samples; a reference that is unset is an empty string, never an object.
 */
import { choiceLabel } from './choices.ts';
import { fieldAt, referenceDisplay, valueAt } from './field-paths.ts';
import { journalText } from './journals.ts';
import type { Field } from './schema.ts';
import { knownTable } from './schema.ts';
import type { RecordStore, Row } from './store.ts';

export type DisplayMode = 'true' | 'false' | 'all';

export interface RenderOptions {
  display: DisplayMode;
  excludeReferenceLink: boolean;
  /** The fields asked for; undefined for all. Unknown names are ignored. */
  fields?: readonly string[] | undefined;
  /** What links start with, such as `http://127.0.0.1:8090`. */
  baseUrl: string;
}

export type RenderedValue = string | { link?: string; value?: string; display_value?: string };

/** One record as the Table API returns it. */
export function renderRecord(store: RecordStore, table: string, row: Row, options: RenderOptions): Record<string, RenderedValue> {
  const names = options.fields ?? Object.keys(knownTable(table).fields);
  const rendered: Record<string, RenderedValue> = {};
  for (const name of names) {
    const field = fieldAt(table, name);
    if (field !== undefined) rendered[name] = renderValue(store, table, row, name, field, options);
  }
  return rendered;
}

function renderValue(store: RecordStore, table: string, row: Row, name: string, field: Field, options: RenderOptions): RenderedValue {
  // A journal is read back empty: its entries live in sys_journal_field. Only its display value shows them.
  const value = field.kind === 'journal' ? '' : valueAt(store, table, row, name);
  const link = field.references === undefined || value === '' ? undefined : `${options.baseUrl}/api/now/table/${field.references}/${value}`;
  if (options.display === 'false') {
    return link === undefined || options.excludeReferenceLink ? value : { link, value };
  }
  const display = displayOf(store, table, row, name, field, value);
  if (options.display === 'true') {
    return link === undefined || options.excludeReferenceLink ? display : { display_value: display, link };
  }
  return { display_value: display, value, ...(link === undefined || options.excludeReferenceLink ? {} : { link }) };
}

function displayOf(store: RecordStore, table: string, row: Row, name: string, field: Field, value: string): string {
  switch (field.kind) {
    case 'reference': return referenceDisplay(store, field.references ?? '', value);
    case 'choice': return choiceLabel(store, table, name, value, row);
    case 'journal': return journalText(store, table, row['sys_id'] ?? '', name);
    default: return value;
  }
}
