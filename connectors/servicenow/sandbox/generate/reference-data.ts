/** What an instance has besides incidents: groups, users, choice lists, priority rules, the dictionary. */
import type { Change } from '../change-log.ts';
import { HIDDEN_JOURNAL_USER, NO_JOURNAL_USER } from '../accounts.ts';
import { BASE_PRIORITY_MATRIX } from '../priority-lookup.ts';
import { allTables } from '../schema.ts';
import type { Row } from '../store.ts';
import type { GroupName } from './cause.ts';
import { GROUPS } from './cause.ts';
import { CAUSES } from './causes.ts';
import type { Random } from './random.ts';

export interface ReferenceData {
  changes: Change[];
  groups: ReadonlyMap<GroupName, string>;
  /** The agents of each group. */
  agents: ReadonlyMap<GroupName, readonly Row[]>;
  requesters: readonly Row[];
}

export interface ReferenceOrder {
  adminUser: string;
  integrationUser: string;
  /** `YYYY-MM-DD HH:mm:ss`, when all of this was set up. */
  at: string;
}

const AGENTS_PER_GROUP = 3;
const REQUESTERS = 30;

export function referenceData(random: Random, order: ReferenceOrder): ReferenceData {
  const changes: Change[] = [];
  const add = (table: string, values: Row): Row => {
    const row = { ...values, sys_id: random.sysId(), sys_created_on: order.at, sys_created_by: 'system', sys_updated_on: order.at, sys_updated_by: 'system', sys_mod_count: '0' };
    changes.push({ table, sys_id: row.sys_id, record: row });
    return row;
  };
  const addUser = (userName: string, title: string): Row =>
    add('sys_user', { user_name: userName, name: displayName(userName), email: `${userName}@example.com`, title, active: 'true', web_service_access_only: String(title === 'Integration') });
  const groups = new Map(GROUPS.map((name) => [name, add('sys_user_group', { name, description: `${name} team`, active: 'true' })['sys_id'] ?? '']));
  // A retired group of nearly the same name: a client that resolves names must look at `active`.
  add('sys_user_group', { name: 'Network Operations (retired)', description: 'Replaced by Network Operations', active: 'false' });
  const agents = new Map(GROUPS.map((name) => [name, numbered(AGENTS_PER_GROUP).map((number) => addUser(`${slug(name)}.agent.${number}`, `${name} agent`))]));
  const requesters = numbered(REQUESTERS).map((number) => addUser(`requester.${number}`, 'Requester'));
  for (const userName of new Set([order.adminUser, 'admin'])) addUser(userName, 'System Administrator');
  for (const userName of [order.integrationUser, NO_JOURNAL_USER, HIDDEN_JOURNAL_USER]) addUser(userName, 'Integration');
  for (const choice of choiceRows()) add('sys_choice', choice);
  for (const [impact, urgency, priority] of BASE_PRIORITY_MATRIX) add('dl_u_priority', { impact, urgency, priority, order: '100', active: 'true' });
  for (const entry of dictionaryRows()) add('sys_dictionary', entry);
  return { changes, groups, agents, requesters };
}

/** `svc.desk.agent.07` becomes `Svc Desk Agent 07`: names of roles, not of people. */
function displayName(userName: string): string {
  return userName.split(/[.-]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}

function slug(name: string): string {
  return name.toLowerCase().replace(/^service desk$/, 'svc desk').replace(/ and /g, ' ').replace(/ +/g, '.');
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index + 1).padStart(2, '0'));
}

const CHOICES: Readonly<Record<string, ReadonlyArray<readonly [value: string, label: string]>>> = {
  category: [['inquiry', 'Inquiry / Help'], ['software', 'Software'], ['hardware', 'Hardware'], ['network', 'Network'], ['database', 'Database']],
  impact: [['1', '1 - High'], ['2', '2 - Medium'], ['3', '3 - Low']],
  urgency: [['1', '1 - High'], ['2', '2 - Medium'], ['3', '3 - Low']],
  priority: [['1', '1 - Critical'], ['2', '2 - High'], ['3', '3 - Moderate'], ['4', '4 - Low'], ['5', '5 - Planning']],
  severity: [['1', '1 - High'], ['2', '2 - Medium'], ['3', '3 - Low']],
  state: [['1', 'New'], ['2', 'In Progress'], ['3', 'On Hold'], ['6', 'Resolved'], ['7', 'Closed'], ['8', 'Canceled']],
  incident_state: [['1', 'New'], ['2', 'In Progress'], ['3', 'On Hold'], ['6', 'Resolved'], ['7', 'Closed'], ['8', 'Canceled']],
  hold_reason: [['1', 'Awaiting Caller'], ['3', 'Awaiting Problem'], ['4', 'Awaiting Vendor'], ['5', 'Awaiting Change']],
  contact_type: [['email', 'Email'], ['phone', 'Phone'], ['self-service', 'Self-service'], ['walk-in', 'Walk-in'], ['monitoring', 'Monitoring']],
  close_code: ['Duplicate', 'Known error', 'No resolution provided', 'Resolved by caller', 'Resolved by change', 'Resolved by problem', 'Resolved by request', 'Solution provided', 'Workaround provided', 'User error'].map((label) => [label, label] as const),
  notify: [['1', 'Do Not Notify'], ['2', 'Send Email']],
  escalation: [['0', 'Normal'], ['1', 'Moderate'], ['2', 'High'], ['3', 'Overdue']],
  approval: [['not requested', 'Not Yet Requested'], ['requested', 'Requested'], ['approved', 'Approved'], ['rejected', 'Rejected']],
  upon_approval: [['proceed', 'Proceed to Next Task'], ['do_nothing', 'Wait for a User to Close this task']],
  upon_reject: [['cancel', 'Cancel all future Tasks'], ['goto', 'Go to a previous Task']],
};

const ACRONYMS: ReadonlySet<string> = new Set(['vpn', 'dns', 'lan', 'wan', 'erp', 'crm', 'hr']);

function choiceRows(): Row[] {
  const plain = Object.entries(CHOICES).flatMap(([element, options]) => options.map(([value, label], index) => choice(element, value, label, index, '')));
  const pairs = new Set(CAUSES.map((cause) => `${cause.category}|${cause.subcategory}`));
  const subcategories = [...pairs].sort().map((pair, index) => {
    const [category = '', value = ''] = pair.split('|');
    return choice('subcategory', value, ACRONYMS.has(value) ? value.toUpperCase() : value.charAt(0).toUpperCase() + value.slice(1), index, category);
  });
  // A choice that is no longer offered: a client must look at `inactive`.
  return [...plain, ...subcategories, { ...choice('category', 'mainframe', 'Mainframe', 9, ''), inactive: 'true' }];
}

function choice(element: string, value: string, label: string, index: number, dependentValue: string): Row {
  return { name: 'incident', element, value, label, dependent_value: dependentValue, sequence: String(index * 10), inactive: 'false', language: 'en' };
}

const INTERNAL_TYPES: Readonly<Record<string, string>> = {
  text: 'string', integer: 'integer', boolean: 'boolean', date_time: 'glide_date_time', choice: 'choice', reference: 'reference', journal: 'journal_input',
};

function dictionaryRows(): Row[] {
  return allTables().flatMap((table) =>
    Object.entries(table.fields).map(([element, field]) => ({
      name: table.name, element, internal_type: INTERNAL_TYPES[field.kind] ?? 'string', reference: field.references ?? '', column_label: displayName(element.replaceAll('_', '.')),
      read_only: String(field.system === true), active: 'true',
    })),
  );
}
