/**
 * Inserts, updates and deletes: what the system adds to a caller's values (numbers, dates, priority, journals), what it
 * refuses, and the one commit that makes all of it true together.
 */
import type { Change } from './change-log.ts';
import { choiceValue } from './choices.ts';
import { assertDataPolicies } from './data-policies.ts';
import { glideDateTime } from './date-time.ts';
import { recordNotFound } from './errors.ts';
import { journalEntry } from './journals.ts';
import { assertMayDelete, assertMayInsert, assertMayUpdate } from './principals.ts';
import type { Principal } from './principals.ts';
import { lookUpPriority } from './priority-lookup.ts';
import type { Field } from './schema.ts';
import { knownTable } from './schema.ts';
import type { RecordStore, Row } from './store.ts';
import { newSysId } from './store.ts';

export interface WrittenRecord {
  table: string;
  operation: 'insert' | 'update';
  row: Row;
}

export interface WriteContext {
  store: RecordStore;
  now: () => Date;
  /** Called after each commit that changed something: where business rules hang. */
  onWritten: (written: WrittenRecord) => void;
}

export interface WriteRequest {
  principal: Principal;
  table: string;
  /** What the caller sent; unknown and system fields are dropped, as an instance does. */
  values: Readonly<Record<string, unknown>>;
  /** `sysparm_input_display_value`: names and labels instead of sys_ids and stored values. */
  inputDisplayValue?: boolean;
}

interface Draft {
  row: Record<string, string>;
  journals: Array<[element: string, text: string]>;
}

/** Inserts one record. Throws `TableApiError` 403 where access rules or data policies refuse it. */
export function insertRecord(context: WriteContext, request: WriteRequest): Row {
  const { store } = context;
  const { table, principal } = request;
  assertMayInsert(principal, table);
  const at = glideDateTime(context.now());
  const sysId = newSysId();
  const draft = draftOf(store, request, initialRow(table));
  const changes: Change[] = [];
  if (table === 'incident') {
    draft.row['number'] = takeNumber(store, changes);
    draft.row['opened_at'] ||= at;
    draft.row['opened_by'] ||= userSysId(store, principal.user_name);
    completeIncident(store, {}, draft, principal, at);
  }
  Object.assign(draft.row, { sys_id: sysId, sys_created_on: at, sys_created_by: principal.user_name, sys_updated_on: at, sys_updated_by: principal.user_name, sys_mod_count: '0' });
  return commitDraft(context, { table, operation: 'insert', row: withoutEmpty(draft.row) }, draft, changes);
}

/** Updates one record and returns it as it is now. A write that changes nothing leaves `sys_mod_count` alone. */
export function updateRecord(context: WriteContext, request: WriteRequest & { sysId: string }): Row {
  const { store } = context;
  const { table, principal } = request;
  const before = store.get(table, request.sysId);
  if (before === undefined) throw recordNotFound();
  assertMayUpdate(principal, table, before);
  const at = glideDateTime(context.now());
  const draft = draftOf(store, request, { ...before });
  if (table === 'incident') completeIncident(store, before, draft, principal, at);
  const after = withoutEmpty(draft.row);
  if (sameRow(before, after) && draft.journals.length === 0) return before;
  const row = { ...after, sys_updated_on: at, sys_updated_by: principal.user_name, sys_mod_count: String(Number(before['sys_mod_count'] ?? '0') + 1) };
  return commitDraft(context, { table, operation: 'update', row }, draft, []);
}

/** Deletes one record; journals and attachments of an incident go with it. */
export function deleteRecord(context: WriteContext, principal: Principal, table: string, sysId: string): void {
  const { store } = context;
  if (store.get(table, sysId) === undefined) throw recordNotFound();
  assertMayDelete(principal, table);
  const dependants = [
    ...store.rowsWhere('sys_journal_field', 'element_id', sysId).map((row) => ['sys_journal_field', row] as const),
    ...store.rowsWhere('sys_attachment', 'table_sys_id', sysId).map((row) => ['sys_attachment', row] as const),
  ];
  store.commit([
    { table, sys_id: sysId, record: null },
    ...dependants.map(([name, row]): Change => ({ table: name, sys_id: row['sys_id'] ?? '', record: null })),
  ]);
}

function commitDraft(context: WriteContext, written: WrittenRecord, draft: Draft, changes: Change[]): Row {
  const { row, table } = written;
  const sysId = row['sys_id'] ?? '';
  changes.push({ table, sys_id: sysId, record: row });
  for (const [element, text] of draft.journals) {
    changes.push(journalEntry(table, sysId, element, text, row['sys_updated_by'] ?? '', row['sys_updated_on'] ?? ''));
  }
  context.store.commit(changes);
  context.onWritten(written);
  return row;
}

function initialRow(table: string): Record<string, string> {
  const fields = Object.entries(knownTable(table).fields);
  return Object.fromEntries(fields.flatMap(([name, field]) => (field.initial === undefined ? [] : [[name, field.initial]])));
}

/** The caller's values laid over a row; journal texts apart, because they are appended and not stored on it. */
function draftOf(store: RecordStore, request: WriteRequest, row: Record<string, string>): Draft {
  const draft: Draft = { row, journals: [] };
  const { fields } = knownTable(request.table);
  for (const [name, input] of Object.entries(request.values)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined || field.system === true) continue;
    const value = storedText(input);
    if (field.kind === 'journal') {
      if (value !== '' && name !== 'comments_and_work_notes' && name !== 'approval_history') draft.journals.push([name, value]);
    } else {
      row[name] = request.inputDisplayValue === true ? storedFromDisplay(store, request.table, name, field, value) : value;
    }
  }
  return draft;
}

/** Everything is stored as text; a reference or choice may also be sent back in the shape it was read in. */
function storedText(input: unknown): string {
  if (input === null || input === undefined) return '';
  if (typeof input === 'string') return input;
  if (typeof input === 'object') return 'value' in input ? storedText(input.value) : JSON.stringify(input);
  return String(input as number | boolean);
}

function storedFromDisplay(store: RecordStore, table: string, name: string, field: Field, value: string): string {
  if (field.kind === 'choice') return choiceValue(store, table, name, value);
  if (field.references === undefined || value === '' || store.get(field.references, value) !== undefined) return value;
  const target = field.references === 'sys_user' || field.references === 'sys_user_group' ? knownTable(field.references) : undefined;
  if (target === undefined) return value;
  const row = store.rowsWhere(target.name, target.displayField, value)[0] ?? (target.name === 'sys_user' ? store.rowsWhere('sys_user', 'user_name', value)[0] : undefined);
  return row?.['sys_id'] ?? '';
}

/** What the base system's rules do to an incident before it is stored. */
function completeIncident(store: RecordStore, before: Row, draft: Draft, principal: Principal, at: string): void {
  const { row } = draft;
  row['priority'] = lookUpPriority(store, row['impact'] ?? '', row['urgency'] ?? '') ?? before['priority'] ?? '5';
  row['incident_state'] = row['state'] ?? '1';
  if (row['state'] !== '3') row['hold_reason'] = '';
  const comments = draft.journals.find(([element]) => element === 'comments')?.[1] ?? '';
  assertDataPolicies(before, row, comments);
  if (row['state'] === before['state']) return;
  if (row['state'] === '6' || row['state'] === '7') {
    row['resolved_at'] ||= at;
    row['resolved_by'] ||= userSysId(store, principal.user_name);
  }
  const closed = row['state'] === '7' || row['state'] === '8';
  row['active'] = closed ? 'false' : 'true';
  if (closed) {
    row['closed_at'] ||= at;
    row['closed_by'] ||= userSysId(store, principal.user_name);
  }
}

/** The next number of the incident sequence, taken in the same commit as the record: no number is ever used twice. */
function takeNumber(store: RecordStore, changes: Change[]): string {
  const counter = store.rows('sys_number_counter')[0] ?? { sys_id: newSysId(), table: 'incident', number: '10000' };
  const next = Number(counter['number']) + 1;
  const sysId = counter['sys_id'] ?? '';
  changes.push({ table: 'sys_number_counter', sys_id: sysId, record: { ...counter, number: String(next) } });
  return incidentNumber(next);
}

/** `INC` and seven digits. */
export function incidentNumber(sequence: number): string {
  return `INC${String(sequence).padStart(7, '0')}`;
}

function userSysId(store: RecordStore, userName: string): string {
  return store.rowsWhere('sys_user', 'user_name', userName)[0]?.['sys_id'] ?? '';
}

function withoutEmpty(row: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ''));
}

function sameRow(left: Row, right: Row): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => (left[name] ?? '') === (right[name] ?? ''));
}
