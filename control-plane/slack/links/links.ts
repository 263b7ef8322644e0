import { hash } from 'node:crypto';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { AuditData } from '@countersign/contracts/events/audit-event.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { may } from '../../access/may.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Principal } from '../../identity/principal.ts';
import { newSecret } from '../../identity/tokens.ts';
import { deleteLink, findLink, findLinkRequest, insertLink, insertLinkRequest, listLinks, useLinkRequest } from './queries.ts';
import type { LinkRequestRow, LinkRow } from './queries.ts';

export interface SlackLinksParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly publicUrl: string;
  readonly wake: (tenantId: string) => void;
}

/**
 * Who is who. Slack shows a Slack user a link that holds a nonce; the person opens it in the console, signed in, sees which Slack user it
 * is for, and confirms by a POST. What the link then lets them do is looked up anew at each click.
 */
export class SlackLinks {
  readonly #parts: SlackLinksParts;

  constructor(parts: SlackLinksParts) {
    this.#parts = parts;
  }

  /** The address of a page that asks for confirmation. The nonce is in the fragment, which no server or proxy logs. */
  async newLinkUrl(tenantId: string, who: { readonly installation: string; readonly slackUser: string; readonly slackName: string }): Promise<string> {
    const { secret, sha256 } = newSecret();
    await this.#parts.database.forTenant(tenantId, (tx) => tx.change(insertLinkRequest, [tenantId, sha256, who.installation, who.slackUser, who.slackName.slice(0, 200)]));
    return `${this.#parts.publicUrl}/slack/link#nonce=${secret}`;
  }

  async listSlackLinks({ principal }: Call<'listSlackLinks'>): Promise<Answer<'listSlackLinks'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<LinkRow>(listLinks, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(viewOf) } };
  }

  async describeSlackLink({ principal, body }: Call<'describeSlackLink'>): Promise<Answer<'describeSlackLink'>> {
    const row = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.maybeOne<LinkRequestRow>(findLinkRequest, [principal.tenantId, digestOf(body.nonce)]));
    if (row === undefined) throw linkInvalid();
    return { status: 200, body: { ...row, expires_at: row.expires_at.toISOString() } };
  }

  async confirmSlackLink({ principal, body }: Call<'confirmSlackLink'>): Promise<Answer<'confirmSlackLink'>> {
    if (principal.kind !== 'person') throw new ApiError('forbidden', 'Only people are linked to Slack users.');
    const link = await this.#parts.database.forTenant(principal.tenantId, (tx) => this.#confirm(tx, principal, digestOf(body.nonce)));
    this.#parts.wake(principal.tenantId);
    return { status: 201, body: viewOf(link) };
  }

  async removeSlackLink({ principal, path }: Call<'removeSlackLink'>): Promise<Answer<'removeSlackLink'>> {
    const whose = may(principal, 'slack:manage') ? null : principal.id;
    const removed = await this.unlink(principal.tenantId, principal, path.installation, path.slack_user, whose);
    if (!removed) throw new ApiError('not_found', 'There is no such link, or it is not yours.');
    return { status: 204 };
  }

  /** Gives whether there was a link. `whose`: only if it is this principal's. */
  async unlink(tenantId: string, by: Principal | Pick<Principal, 'id' | 'kind' | 'workspaceId'>, installation: string, slackUser: string, whose: string | null): Promise<boolean> {
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const removed = await tx.maybeOne<{ principal_id: string }>(deleteLink, [tenantId, installation, slackUser, whose]);
      if (removed === undefined) return false;
      await this.#audit(tx, tenantId, by, 'slack.user_unlinked', removed.principal_id, { installation, slack_user: slackUser });
      return true;
    });
  }

  async #confirm(tx: Transaction, principal: Principal, nonceSha256: string): Promise<LinkRow> {
    const { tenantId } = principal;
    const asked = await tx.maybeOne<LinkRequestRow>(findLinkRequest, [tenantId, nonceSha256]);
    if (asked === undefined || await tx.maybeOne(useLinkRequest, [tenantId, nonceSha256]) === undefined) throw linkInvalid();
    if (await tx.change(insertLink, [tenantId, asked.installation, asked.slack_user, asked.slack_name, principal.id]) === 0) {
      throw new ApiError('slack_link_taken', `The Slack user ${asked.slack_user} is linked to another person.`);
    }
    await this.#audit(tx, tenantId, principal, 'slack.user_linked', principal.id, { installation: asked.installation, slack_user: asked.slack_user, auth_strength: principal.authStrength });
    return tx.one<LinkRow>(findLink, [tenantId, asked.installation, asked.slack_user]);
  }

  async #audit(tx: Transaction, tenantId: string, by: Pick<Principal, 'id' | 'kind' | 'workspaceId'>, type: 'slack.user_linked' | 'slack.user_unlinked', principalId: string, data: AuditData): Promise<void> {
    await appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: tenantId, workspace_id: by.workspaceId, run_id: null,
      actor: { kind: by.kind, id: by.id }, subject: { kind: 'principal', id: principalId }, data,
    });
  }
}

function viewOf(row: LinkRow): components['schemas']['SlackLink'] {
  return { ...row, linked_at: row.linked_at.toISOString() };
}

/** Another tenant's link is as unknown as one that was never made. */
function linkInvalid(): ApiError {
  return new ApiError('slack_link_invalid', 'The link is unknown, used, or older than 10 minutes.');
}

function digestOf(nonce: string): string {
  return hash('sha256', nonce, 'hex');
}
