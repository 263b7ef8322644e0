import type { webApi } from '@slack/bolt';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { permissionsOf } from '../../access/may.ts';
import type { RateLimit } from '../../cell/rate-limit.ts';
import type { Principal } from '../../identity/principal.ts';
import { findLink, rolesIn } from '../links/queries.ts';
import type { LinkRow, MemberRow } from '../links/queries.ts';
import { workspaceOf } from '../setup/slack-store.ts';
import type { Clicker } from './clicker.ts';
import { whyStranger } from './membership.ts';
import type { StrangerCode } from './membership.ts';

export type ClickRefusal = StrangerCode | 'not_linked';

/** How sure we are of somebody who clicked in Slack: less than of a session of our own. */
export const SLACK_AUTH_STRENGTH = 'slack_linked';

export interface VotersParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly refusals: RateLimit;
}

/** Finds out whom a Slack user stands for, and what that person may do now. */
export class Voters {
  readonly #parts: VotersParts;

  constructor(parts: VotersParts) {
    this.#parts = parts;
  }

  /** The link of one who clicked, or why they have none that counts; a refusal is audited. */
  async identify(tenantId: string, clicker: Clicker, client: webApi.WebClient): Promise<{ readonly link: LinkRow } | { readonly refused: ClickRefusal }> {
    const stranger = await whyStranger(client, clicker);
    const link = stranger === null ? await this.linkOf(tenantId, clicker) : null;
    if (link !== null) return { link };
    const refused = stranger ?? 'not_linked';
    await this.#auditRefusal(tenantId, clicker, refused);
    return { refused };
  }

  async linkOf(tenantId: string, { installation, userId }: Pick<Clicker, 'installation' | 'userId'>): Promise<LinkRow | null> {
    return await this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<LinkRow>(findLink, [tenantId, installation, userId])) ?? null;
  }

  /** The linked person with the roles that they hold in `workspaceId` at this moment. */
  async principalIn(tenantId: string, workspaceId: string, link: LinkRow): Promise<Principal> {
    const member = await this.#parts.database.forTenant(tenantId, (tx) => tx.one<MemberRow>(rolesIn, [tenantId, link.principal_id, workspaceId]));
    return {
      tenantId, workspaceId, id: link.principal_id, kind: 'person', displayName: link.display_name, roles: member.roles,
      customPermissions: [], scopes: null, isInHomeWorkspace: false, isInArchivedWorkspace: false,
      permissions: permissionsOf(member.roles), authStrength: SLACK_AUTH_STRENGTH, signedInAt: null, auth: null, via: { kind: 'slack', installation: link.installation, slackUser: link.slack_user },
    };
  }

  /** The chain that events about a person go to when no approval names a workspace. */
  homeWorkspace(tenantId: string): Promise<string> {
    return this.#parts.database.forTenant(tenantId, (tx) => workspaceOf(tx, tenantId));
  }

  async #auditRefusal(tenantId: string, clicker: Clicker, code: ClickRefusal): Promise<void> {
    const allowed = this.#parts.refusals.take(`slack-click/${tenantId}/${clicker.userId}`);
    if (allowed === null) return;
    await this.#parts.database.forTenant(tenantId, async (tx) => appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'slack.click_refused', tenant_id: tenantId, workspace_id: await workspaceOf(tx, tenantId), run_id: null,
      actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'slack_user', id: clicker.userId },
      data: { code, installation: clicker.installation, suppressed_count: allowed.suppressed_count },
    }));
  }
}
