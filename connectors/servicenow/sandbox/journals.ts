/**
 * Journal fields: what is written to `work_notes` or `comments` becomes a row of `sys_journal_field`; the field itself
 * is read back as "". A second write appends a second entry, so a PATCH with a note is not idempotent.
 */
import type { Change } from './change-log.ts';
import { knownTable } from './schema.ts';
import type { RecordStore, Row } from './store.ts';
import { newSysId } from './store.ts';

/** A journal entry to commit together with the change of its record. */
export function journalEntry(table: string, elementId: string, element: string, value: string, by: string, at: string): Change {
  const sysId = newSysId();
  return {
    table: 'sys_journal_field',
    sys_id: sysId,
    record: { sys_id: sysId, name: table, element, element_id: elementId, value, sys_created_on: at, sys_created_by: by },
  };
}

/** The entries of a record, newest first. */
export function journalEntries(store: RecordStore, elementId: string, elements: readonly string[]): Row[] {
  return store.rowsWhere('sys_journal_field', 'element_id', elementId).filter((entry) => elements.includes(entry['element'] ?? '')).toReversed();
}

/** The display value of a journal field: its history, newest first. */
export function journalText(store: RecordStore, table: string, sysId: string, element: string): string {
  if (knownTable(table).fields[element]?.kind !== 'journal') return '';
  const elements = element === 'comments_and_work_notes' ? ['comments', 'work_notes'] : [element];
  return journalEntries(store, sysId, elements).map(entryText).join('');
}

function entryText(entry: Row): string {
  const heading = entry['element'] === 'work_notes' ? 'Work notes' : 'Additional comments';
  return `${entry['sys_created_on']} - ${entry['sys_created_by']} (${heading})\n${entry['value']}\n\n`;
}
