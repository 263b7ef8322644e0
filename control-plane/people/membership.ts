import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { homeWorkspace } from '../identity/sessions/queries.ts';
import { beginTakingAway, refuseWithoutAdmin } from '../roles/rights.ts';
import { syncGroupRoles } from '../roles/sync-group-roles.ts';
import { addMembers, removeMembers } from './queries.ts';

export interface MembershipChange {
  readonly tenantId: string;
  readonly groupId: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly actor: AuditEvent['actor'];
  readonly at: Date;
}

/** Changes who is in a group, by the console or by the directory; the roles that it gives follow. @throws ApiError `last_admin` */
export async function changeMembers(tx: Transaction, { tenantId, groupId, add, remove, actor, at }: MembershipChange): Promise<void> {
  if (remove.length > 0) await beginTakingAway(tx, tenantId);
  const left = remove.length === 0 ? [] : await tx.rows<{ principal_id: string }>(removeMembers, [tenantId, groupId, remove]);
  const joined = add.length === 0 ? [] : await tx.rows<{ principal_id: string }>(addMembers, [tenantId, groupId, add]);
  await syncGroupRoles(tx, tenantId, groupId);
  if (left.length > 0) await refuseWithoutAdmin(tx, tenantId);
  for (const { principal_id } of left) await auditGroup(tx, tenantId, groupId, actor, at, { change: 'left', member_id: principal_id });
  for (const { principal_id } of joined) await auditGroup(tx, tenantId, groupId, actor, at, { change: 'joined', member_id: principal_id });
}

export async function auditGroup(tx: Transaction, tenantId: string, groupId: string, actor: AuditEvent['actor'], at: Date, data: AuditEvent['data']): Promise<void> {
  const home = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
  await appendAudit(tx, { at, type: 'group.changed', tenant_id: tenantId, workspace_id: home.id, run_id: null, actor, subject: { kind: 'group', id: groupId }, data });
}
