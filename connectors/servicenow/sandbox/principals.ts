/** Who may call the sandbox, and what their roles let them do: the sandbox's access rules (ACLs). */
import type { Row } from './store.ts';
import { TableApiError, writeRefused } from './errors.ts';

/**
 * `read`: sees journal entries. `refused`: 403. `hidden`: the rows are silently filtered, as record-level access rules
 * do, so that "no such note" and "not allowed to see it" look the same.
 */
export type JournalAccess = 'read' | 'refused' | 'hidden';

export interface Principal {
  user_name: string;
  roles: readonly ('admin' | 'itil')[];
  journal_access: JournalAccess;
}

/** Tables whose rows only an administrator may write. */
const ADMIN_TABLES: ReadonlySet<string> = new Set(['sys_user', 'sys_user_group', 'sys_choice', 'dl_u_priority']);
/** Incidents in these states are read-only for everyone but an administrator: Closed, Canceled. */
const CLOSED_STATES: ReadonlySet<string> = new Set(['7', '8']);

export function isAdmin(principal: Principal): boolean {
  return principal.roles.includes('admin');
}

/** Refuses to query a table that the caller has no role for. */
export function assertMayQuery(principal: Principal, table: string): void {
  if (table === 'sys_journal_field' && principal.journal_access === 'refused') {
    throw new TableApiError(403, 'User Not Authorized', 'Failed API level ACL Validation');
  }
}

/** Record-level rule, applied after the limit: rows the caller may not see are left out without a word. */
export function mayRead(principal: Principal, table: string): boolean {
  return table !== 'sys_journal_field' || principal.journal_access === 'read';
}

export function assertMayInsert(principal: Principal, table: string): void {
  if (table !== 'incident' && !(ADMIN_TABLES.has(table) && isAdmin(principal))) throw writeRefused('Insert');
}

export function assertMayUpdate(principal: Principal, table: string, row: Row): void {
  if (isAdmin(principal) && (table === 'incident' || ADMIN_TABLES.has(table))) return;
  if (table !== 'incident' || CLOSED_STATES.has(row['state'] ?? '')) throw writeRefused('Update');
}

export function assertMayDelete(principal: Principal, table: string): void {
  if (!isAdmin(principal) || (table !== 'incident' && !ADMIN_TABLES.has(table))) throw writeRefused('Delete');
}
