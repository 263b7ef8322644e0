import { appendAudit } from '@countersign/platform/audit/append.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { endSessions } from '../identity/sessions/session-end.ts';
import { homeWorkspace } from '../identity/sessions/queries.ts';
import { beginTakingAway, refuseWithoutAdmin } from '../roles/rights.ts';
import { revokeInvitationsBy, updatePerson } from './queries.ts';

export interface PersonChange {
  readonly tenantId: string;
  readonly id: string;
  readonly displayName?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly actor: AuditEvent['actor'];
  readonly source: 'api' | 'scim';
  readonly at: Date;
}

/**
 * Changes a person, by the console or by the directory. Whoever is disabled is signed out everywhere at once, their keys stop, and nobody comes
 * in by invitations of theirs. Gives the ids of the sessions that ended: tell every control plane after the commit.
 *
 * @throws ApiError `not_found`, `last_admin`
 */
export async function changePerson(tx: Transaction, change: PersonChange): Promise<string[]> {
  const { tenantId, id, actor, at, disabled } = change;
  if (disabled === true) await beginTakingAway(tx, tenantId);
  const before = await tx.maybeOne<{ was_disabled: boolean }>(updatePerson, [tenantId, id, change.displayName ?? null, disabled ?? null]);
  if (before === undefined) throw new ApiError('not_found', 'There is no such person.');
  const home = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
  const tell = (type: AuditEvent['type'], subject: AuditEvent['subject'], data: AuditEvent['data']): Promise<string> =>
    appendAudit(tx, { at, type, tenant_id: tenantId, workspace_id: home.id, run_id: null, actor, subject, data });
  if (disabled === undefined || disabled === before.was_disabled) {
    await tell('principal.changed', { kind: 'principal', id }, { source: change.source });
    return [];
  }
  await tell(disabled ? 'principal.disabled' : 'principal.enabled', { kind: 'principal', id }, { source: change.source });
  if (!disabled) return [];
  await refuseWithoutAdmin(tx, tenantId);
  for (const { id: invitation } of await tx.rows<{ id: string }>(revokeInvitationsBy, [tenantId, id])) await tell('invitation.revoked', { kind: 'invitation', id: invitation }, { because: 'inviter_disabled' });
  return endSessions(tx, { tenantId, principalId: id, because: 'disabled', exceptId: null, actor, at });
}
