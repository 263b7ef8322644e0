/**
 * The tables of the sandbox and the kinds of their fields: what a reference points to, what is a journal, which
 * fields the system writes itself. The list of incident fields is that of the Table API page's own sample record,
 * plus `hold_reason`, so that a client sees every key it would see on an instance.
 */

export type FieldKind = 'text' | 'integer' | 'boolean' | 'date_time' | 'choice' | 'reference' | 'journal';

export interface Field {
  kind: FieldKind;
  /** The table a reference points to. */
  references?: string;
  /** What an insert stores where the caller said nothing. */
  initial?: string;
  /** Written by the system only; a caller's value is dropped without an error, as on an instance. */
  system?: true;
}

export interface TableSchema {
  name: string;
  label: string;
  /** The field a reference to this table is displayed by. */
  displayField: string;
  fields: Readonly<Record<string, Field>>;
}

const text: Field = { kind: 'text' };
const integer: Field = { kind: 'integer' };
const boolean: Field = { kind: 'boolean' };
const dateTime: Field = { kind: 'date_time' };
const choice: Field = { kind: 'choice' };
const journal: Field = { kind: 'journal' };
const reference = (references: string): Field => ({ kind: 'reference', references });
const initially = (field: Field, initial: string): Field => ({ ...field, initial });
const system = (field: Field): Field => ({ ...field, system: true });

const SYSTEM_FIELDS = {
  sys_id: system(text),
  sys_created_on: system(dateTime),
  sys_created_by: system(text),
  sys_updated_on: system(dateTime),
  sys_updated_by: system(text),
  sys_mod_count: system(integer),
  sys_tags: system(text),
} satisfies Record<string, Field>;

const INCIDENT_FIELDS: Record<string, Field> = {
  ...SYSTEM_FIELDS,
  sys_class_name: initially(system(text), 'incident'),
  sys_domain: initially(system(reference('sys_user_group')), 'global'),
  sys_domain_path: initially(system(text), '/'),
  number: system(text),
  short_description: text,
  description: text,
  caller_id: reference('sys_user'),
  opened_by: reference('sys_user'),
  opened_at: dateTime,
  assigned_to: reference('sys_user'),
  assignment_group: reference('sys_user_group'),
  category: initially(choice, 'inquiry'),
  subcategory: choice,
  impact: initially(choice, '3'),
  urgency: initially(choice, '3'),
  priority: initially(choice, '5'),
  severity: initially(choice, '3'),
  state: initially(choice, '1'),
  incident_state: initially(choice, '1'),
  hold_reason: choice,
  close_code: choice,
  close_notes: text,
  closed_at: dateTime,
  closed_by: reference('sys_user'),
  resolved_at: dateTime,
  resolved_by: reference('sys_user'),
  contact_type: choice,
  notify: initially(choice, '1'),
  active: initially(boolean, 'true'),
  knowledge: initially(boolean, 'false'),
  made_sla: initially(boolean, 'true'),
  escalation: initially(choice, '0'),
  approval: initially(choice, 'not requested'),
  upon_approval: initially(choice, 'proceed'),
  upon_reject: initially(choice, 'cancel'),
  reassignment_count: initially(integer, '0'),
  reopen_count: initially(integer, '0'),
  work_notes: journal,
  comments: journal,
  comments_and_work_notes: journal,
  approval_history: journal,
  location: reference('cmn_location'),
  company: reference('core_company'),
  cmdb_ci: reference('cmdb_ci'),
  business_service: reference('cmdb_ci_service'),
  problem_id: reference('problem'),
  rfc: reference('change_request'),
  caused_by: reference('change_request'),
  parent: reference('task'),
  parent_incident: reference('incident'),
  ...Object.fromEntries(
    ['activity_due', 'due_date', 'expected_start', 'follow_up', 'sla_due', 'work_end', 'work_start'].map((name) => [name, dateTime]),
  ),
  ...Object.fromEntries(
    [
      'additional_assignee_list', 'approval_set', 'business_duration', 'business_stc', 'calendar_duration', 'calendar_stc',
      'child_incidents', 'correlation_display', 'correlation_id', 'delivery_plan', 'delivery_task', 'group_list', 'order',
      'rejection_goto', 'time_worked', 'user_input', 'watch_list', 'wf_activity', 'work_notes_list',
    ].map((name) => [name, text]),
  ),
};

const TABLES: readonly TableSchema[] = [
  { name: 'incident', label: 'Incident', displayField: 'number', fields: INCIDENT_FIELDS },
  {
    name: 'sys_user_group', label: 'Group', displayField: 'name',
    fields: { ...SYSTEM_FIELDS, name: text, description: text, active: initially(boolean, 'true'), email: text, manager: reference('sys_user'), parent: reference('sys_user_group'), type: text },
  },
  {
    name: 'sys_user', label: 'User', displayField: 'name',
    fields: {
      ...SYSTEM_FIELDS, user_name: text, name: text, first_name: text, last_name: text, email: text, title: text,
      active: initially(boolean, 'true'), department: reference('cmn_department'), location: reference('cmn_location'), web_service_access_only: initially(boolean, 'false'),
    },
  },
  {
    name: 'sys_choice', label: 'Choice', displayField: 'label',
    fields: {
      ...SYSTEM_FIELDS, name: text, element: text, value: text, label: text, dependent_value: text, sequence: integer,
      inactive: initially(boolean, 'false'), language: initially(text, 'en'), hint: text,
    },
  },
  {
    name: 'sys_journal_field', label: 'Journal Entry', displayField: 'element_id',
    fields: { sys_id: system(text), sys_created_on: system(dateTime), sys_created_by: system(text), sys_tags: system(text), name: text, element: text, element_id: text, value: text },
  },
  {
    name: 'dl_u_priority', label: 'Priority Data Lookup', displayField: 'priority',
    fields: { ...SYSTEM_FIELDS, impact: choice, urgency: choice, priority: choice, order: integer, active: initially(boolean, 'true') },
  },
  {
    name: 'sys_attachment', label: 'Attachment', displayField: 'file_name',
    fields: {
      ...SYSTEM_FIELDS, file_name: text, content_type: text, table_name: text, table_sys_id: text, size_bytes: integer, size_compressed: integer,
      compressed: boolean, hash: text, state: text, chunk_size_bytes: integer, average_image_color: text, image_height: integer, image_width: integer, download_link: text,
    },
  },
  {
    name: 'sys_dictionary', label: 'Dictionary Entry', displayField: 'element',
    fields: { ...SYSTEM_FIELDS, name: text, element: text, internal_type: text, reference: text, column_label: text, read_only: boolean, active: initially(boolean, 'true') },
  },
  // Never served by the Table API of the sandbox; it holds the next number of the incident sequence across restarts.
  { name: 'sys_number_counter', label: 'Number counter', displayField: 'table', fields: { ...SYSTEM_FIELDS, table: text, number: integer } },
];

const BY_NAME = new Map(TABLES.map((table) => [table.name, table]));

/** The tables the Table API serves. */
export const SERVED_TABLES: ReadonlySet<string> = new Set(TABLES.map((table) => table.name).filter((name) => name !== 'sys_number_counter'));

/** The schema of a table, or undefined where the sandbox has no such table. */
export function tableSchema(name: string): TableSchema | undefined {
  return BY_NAME.get(name);
}

/** The schema of a table that is known to exist because this package named it. */
export function knownTable(name: string): TableSchema {
  const schema = BY_NAME.get(name);
  if (schema === undefined) throw new RangeError(`the sandbox has no table named ${name}`);
  return schema;
}

/** All tables, for the generated dictionary. */
export function allTables(): readonly TableSchema[] {
  return TABLES;
}
