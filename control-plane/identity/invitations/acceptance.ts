import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { grantDirectRole } from '../../roles/queries.ts';
import { lastingRights, permissionsOfRole } from '../../roles/rights.ts';
import { refuseOverQuota } from '../../tenancy/refuse-over-quota.ts';
import { insertPerson } from '../oidc/queries.ts';
import { homeWorkspace } from '../sessions/queries.ts';
import { markAccepted, openByEmail, openByToken, personByEmail } from './queries.ts';
import type { InvitationRow } from './queries.ts';

/** The open invitation that a token is for; whoever looks it up holds it until the end of the transaction. */
export function invitationByToken(tx: Transaction, tenantId: string, tokenSha256: string): Promise<InvitationRow | undefined> {
  return tx.maybeOne<InvitationRow>(openByToken, [tenantId, tokenSha256]);
}

export function invitationByEmail(tx: Transaction, tenantId: string, email: string): Promise<InvitationRow | undefined> {
  return tx.maybeOne<InvitationRow>(openByEmail, [tenantId, email]);
}

/**
 * Makes the invited person and gives them the roles. Whoever calls it has seen the token, or an address that is verified, and adds the way to
 * sign in. Nobody becomes a person who is there already: whoever may invite would sign in as them.
 *
 * @throws ApiError `invitation_invalid` where the address has become somebody's meanwhile, or who invited may not give the roles any more
 */
export async function acceptInvitation(tx: Transaction, clock: Clock, tenantId: string, invitation: InvitationRow): Promise<string> {
  if (await tx.maybeOne(personByEmail, [tenantId, invitation.email]) !== undefined) throw invitationInvalid();
  if (!await mayStillGive(tx, tenantId, invitation)) throw invitationInvalid();
  const principalId = newId('principal');
  const tell = (type: AuditEvent['type'], subject: AuditEvent['subject'], data: AuditEvent['data']): Promise<string> => appendAudit(tx, {
    at: clock.now(), type, tenant_id: tenantId, workspace_id: invitation.workspace_id, run_id: null, actor: { kind: 'person', id: principalId }, subject, data,
  });
  await refuseOverQuota(tx, tenantId, 'principals');
  await tx.change(insertPerson, [tenantId, principalId, invitation.display_name, invitation.email]);
  await tell('principal.created', { kind: 'principal', id: principalId }, { source: 'invitation' });
  await tx.change(markAccepted, [tenantId, invitation.id, principalId]);
  await tell('invitation.accepted', { kind: 'invitation', id: invitation.id }, { principal_id: principalId, invited_by: invitation.invited_by });
  for (const role of invitation.roles) {
    await tx.change(grantDirectRole, [tenantId, invitation.workspace_id, principalId, role, invitation.invited_by, null]);
    await tell('role.granted', { kind: 'principal', id: principalId }, { role, workspace_id: invitation.workspace_id, source: 'invitation' });
  }
  return principalId;
}

/** Whether who invited holds today what the invitation gives: what was taken from them meanwhile they give to nobody. */
async function mayStillGive(tx: Transaction, tenantId: string, { invited_by, roles }: InvitationRow): Promise<boolean> {
  if (roles.length === 0) return true;
  const { id: home } = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
  // Invitations are made at home, from where every workspace is ruled.
  const held = await lastingRights(tx, tenantId, invited_by, home, null);
  // A role that has been removed since is given by nobody.
  const given = await Promise.all(roles.map((role) => permissionsOfRole(tx, tenantId, role))).catch(unknownRole);
  return given !== null && ['roles:grant' as const, ...given.flat()].every((name) => held.has(name));
}

function unknownRole(error: unknown): null {
  if (error instanceof ApiError && error.code === 'role_unknown') return null;
  throw error;
}

export function invitationInvalid(): ApiError {
  return new ApiError('invitation_invalid', 'The invitation is unknown, was used or withdrawn before, or is too old.');
}
