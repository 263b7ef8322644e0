import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { auditBy } from '../../access/audit.ts';
import type { AuthorizationSettings } from '../../access/settings.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { givableIn, permissionsOfRole, refuseWider } from '../../roles/rights.ts';
import { refuseUnlessHome } from '../../tenancy/home-workspace.ts';
import { findWorkspace } from '../../roles/queries.ts';
import type { Principal } from '../principal.ts';
import { insertInvitation, listInvitations, personByEmail, revokeInvitation } from './queries.ts';
import type { InvitationRow } from './queries.ts';
import { newInvitationToken } from './token.ts';

const WEEK_S = 7 * 24 * 3_600;

export interface InvitationsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly publicUrl: string;
  readonly settingsOf: (tenantId: string) => Promise<AuthorizationSettings>;
}

/** Invitations into a tenant. There is no mail: whoever invites is shown a link, once, and passes it on. */
export class Invitations {
  readonly #parts: InvitationsParts;

  constructor(parts: InvitationsParts) {
    this.#parts = parts;
  }

  async listInvitations({ principal }: Call<'listInvitations'>): Promise<Answer<'listInvitations'>> {
    refuseUnlessHome(principal);
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<InvitationRow>(listInvitations, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(invitationView) } };
  }

  async createInvitation({ principal, body }: Call<'createInvitation'>): Promise<Answer<'createInvitation'>> {
    refuseUnlessHome(principal);
    const { tenantId } = principal;
    const workspaceId = body.workspace_id ?? principal.workspaceId;
    const { token, sha256 } = newInvitationToken(tenantId);
    const roles = [...new Set(body.roles)];
    if (roles.length > 0) refuseAlone(await this.#parts.settingsOf(tenantId));
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.maybeOne(findWorkspace, [tenantId, workspaceId]) === undefined) throw new ApiError('not_found', 'There is no such workspace.');
      if (await tx.maybeOne(personByEmail, [tenantId, body.email]) !== undefined) {
        throw new ApiError('request_invalid', 'There is a person with this address.', { errors: [{ field: '/email', code: 'taken', message: 'Give them roles instead of inviting them.' }] });
      }
      await refuseUngivable(tx, principal, workspaceId, roles);
      const made = await tx.one<InvitationRow>(insertInvitation, [tenantId, newId('invitation'), sha256, body.email, body.display_name, workspaceId, roles, principal.id, body.expires_in_s ?? WEEK_S]);
      await auditBy(tx, this.#parts.clock, principal, { type: 'invitation.created', subject: { kind: 'invitation', id: made.id }, data: { roles, workspace_id: workspaceId, expires_at: made.expires_at.toISOString() } });
      return made;
    });
    // In the fragment, which browsers do not send: no log of a server or proxy ever holds it.
    return { status: 201, body: { ...invitationView(row), link: `${this.#parts.publicUrl}/sign-in#invitation=${token}` } };
  }

  async revokeInvitation({ principal, path }: Call<'revokeInvitation'>): Promise<Answer<'revokeInvitation'>> {
    refuseUnlessHome(principal);
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      if (await tx.change(revokeInvitation, [principal.tenantId, path.invitation_id]) === 0) throw new ApiError('not_found', 'There is no such invitation that is open.');
      await auditBy(tx, this.#parts.clock, principal, { type: 'invitation.revoked', subject: { kind: 'invitation', id: path.invitation_id }, data: {} });
    });
    return { status: 204 };
  }
}

/** Where roles are given by two people nobody gives them alone by an invitation: its link is shown once, to who asked, and so cannot wait for another. */
function refuseAlone({ fourEyes }: AuthorizationSettings): void {
  if (!fourEyes.includes('roles:grant')) return;
  throw new ApiError('request_invalid', 'Giving a role takes a second person here.', { errors: [{ field: '/roles', code: 'second_person', message: 'Invite without roles, and give them once the person is here.' }] });
}

/** Nobody invites into what they do not hold. @throws ApiError `role_unknown`, `scope_too_wide`, `not_found` */
async function refuseUngivable(tx: Transaction, principal: Principal, workspaceId: string, roles: readonly string[]): Promise<void> {
  if (roles.length === 0) return;
  const held = await givableIn(tx, principal, workspaceId);
  for (const role of roles) refuseWider(['roles:grant', ...await permissionsOfRole(tx, principal.tenantId, role)], held);
}

function invitationView(row: InvitationRow): components['schemas']['Invitation'] {
  return {
    id: row.id, email: row.email, display_name: row.display_name, workspace_id: row.workspace_id, roles: row.roles, state: row.state,
    invited_by: row.invited_by, created_at: row.created_at.toISOString(), expires_at: row.expires_at.toISOString(), accepted_by: row.accepted_by,
  };
}
