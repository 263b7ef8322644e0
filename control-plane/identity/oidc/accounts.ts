import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { refuseOverQuota } from '../../tenancy/refuse-over-quota.ts';
import { acceptInvitation, invitationByEmail, invitationByToken } from '../invitations/acceptance.ts';
import { homeWorkspace } from '../sessions/queries.ts';
import type { Identity } from './id-token.ts';
import { findProvisioned, insertIdentity, insertPerson, useIdentity } from './queries.ts';
import type { IdentityRow, ProviderRow } from './queries.ts';

export type AccountRefusal = 'identity_not_invited' | 'principal_disabled' | 'invitation_invalid';

/** Whom a provider's subject is here, or why nobody. */
export type Account = { readonly principalId: string } | { readonly refused: AccountRefusal };

/**
 * Finds the person behind an identity. A subject that is known is who it was; its address plays no part. One that is new becomes somebody
 * only where somebody waits for it: an invitation that came along, or by a verified address an invitation or a person whom the directory has
 * provisioned and who has no way to sign in yet; last, where the tenant lets anybody of its domains in.
 */
export async function accountOf(tx: Transaction, clock: Clock, tenantId: string, provider: ProviderRow, identity: Identity, invitationSha256: string | null): Promise<Account> {
  const known = await tx.maybeOne<IdentityRow>(useIdentity, [tenantId, provider.id, identity.subject]);
  if (known !== undefined) return known.disabled ? { refused: 'principal_disabled' } : { principalId: known.principal_id };
  if (invitationSha256 !== null) {
    const invitation = await invitationByToken(tx, tenantId, invitationSha256);
    if (invitation === undefined) return { refused: 'invitation_invalid' };
    return link(tx, clock, tenantId, provider, identity, await acceptInvitation(tx, clock, tenantId, invitation));
  }
  const email = identity.verifiedEmail;
  if (email === null || !isOfDomains(email, provider.allowed_email_domains)) return { refused: 'identity_not_invited' };
  const invitation = await invitationByEmail(tx, tenantId, email);
  if (invitation !== undefined) return link(tx, clock, tenantId, provider, identity, await acceptInvitation(tx, clock, tenantId, invitation));
  const provisioned = await tx.maybeOne<IdentityRow>(findProvisioned, [tenantId, email]);
  if (provisioned !== undefined) return provisioned.disabled ? { refused: 'principal_disabled' } : link(tx, clock, tenantId, provider, identity, provisioned.principal_id);
  // Anybody of named domains; without one it would be anybody at all.
  if (provider.provisioning !== 'just_in_time' || provider.allowed_email_domains.length === 0) return { refused: 'identity_not_invited' };
  return link(tx, clock, tenantId, provider, identity, await makePerson(tx, clock, tenantId, identity.name ?? email, email));
}

/** Whether a refusal is the address being somebody's already, whom this identity may not become. */
export function isAddressTaken(error: unknown): boolean {
  return violates(error, 'email_is_of_one_person');
}

async function link(tx: Transaction, clock: Clock, tenantId: string, provider: ProviderRow, { subject }: Identity, principalId: string): Promise<Account> {
  await tx.change(insertIdentity, [tenantId, newId('external_identity'), provider.id, subject, principalId]);
  await audit(tx, clock, tenantId, principalId, 'identity.linked', { idp: provider.id });
  return { principalId };
}

async function makePerson(tx: Transaction, clock: Clock, tenantId: string, displayName: string, email: string): Promise<string> {
  await refuseOverQuota(tx, tenantId, 'principals');
  const id = newId('principal');
  await tx.change(insertPerson, [tenantId, id, displayName, email]);
  await audit(tx, clock, tenantId, id, 'principal.created', { source: 'jit' });
  return id;
}

async function audit(tx: Transaction, clock: Clock, tenantId: string, principalId: string, type: 'identity.linked' | 'principal.created', data: AuditEvent['data']): Promise<void> {
  const home = await tx.one<{ id: string }>(homeWorkspace, [tenantId]);
  await appendAudit(tx, {
    at: clock.now(), type, tenant_id: tenantId, workspace_id: home.id, run_id: null,
    actor: { kind: 'person', id: principalId }, subject: { kind: 'principal', id: principalId }, data,
  });
}

function isOfDomains(email: string, domains: readonly string[]): boolean {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  return domains.length === 0 || domains.some((allowed) => allowed.toLowerCase() === domain);
}
