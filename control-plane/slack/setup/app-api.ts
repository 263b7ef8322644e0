import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AuditData, AuditEventType } from '@countersign/contracts/events/audit-event.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { actorOf } from '../../identity/principal.ts';
import type { Principal } from '../../identity/principal.ts';
import { checkedApiUrl } from '../app/slack-urls.ts';
import { deleteApp, deleteChannel, findApp, findInstallation, insertChannel, listChannels, upsertApp } from './queries.ts';
import type { ChannelRow, SlackAppRow } from './queries.ts';
import type { SlackStore } from './slack-store.ts';

type SlackAppView = components['schemas']['SlackApp'];

export interface SlackAppStatus {
  readonly connected: boolean;
  readonly error: string | null;
}

export interface SlackAppApiParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: SlackStore;
  readonly publicUrl: string;
  readonly standInsAllowed: boolean;
  /** Takes the settings of a tenant up anew; resolves when this process has. */
  readonly reload: (tenantId: string) => Promise<void>;
  readonly statusOf: (tenantId: string) => SlackAppStatus;
  readonly wake: (tenantId: string) => void;
}

/** What an admin sets: the Slack app of the tenant, and which channel shows which environment's approvals. */
export class SlackAppApi {
  readonly #parts: SlackAppApiParts;

  constructor(parts: SlackAppApiParts) {
    this.#parts = parts;
  }

  async getSlackApp({ principal }: Call<'getSlackApp'>): Promise<Answer<'getSlackApp'>> {
    const row = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.maybeOne<SlackAppRow>(findApp, [principal.tenantId]));
    if (row === undefined) throw notConfigured();
    return { status: 200, body: await this.#view(principal.tenantId, row) };
  }

  async putSlackApp({ principal, body }: Call<'putSlackApp'>): Promise<Answer<'putSlackApp'>> {
    const { tenantId } = principal;
    const appToken = body.app_token ?? null;
    if (body.mode === 'socket' && appToken === null) {
      throw new ApiError('request_invalid', 'Socket Mode needs an app-level token.', { errors: [{ field: '/app_token', code: 'required', message: 'Make one with the scope connections:write under Basic Information of the Slack app.' }] });
    }
    const apiUrl = checkedApiUrl(body.api_url, this.#parts.standInsAllowed);
    const sealed = await this.#parts.store.sealSecrets(tenantId, { client_secret: body.client_secret, signing_secret: body.signing_secret, app_token: appToken });
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const written = await tx.one<SlackAppRow>(upsertApp, [tenantId, body.mode, body.client_id, apiUrl, sealed, principal.id]);
      await this.#audit(tx, principal, 'slack.app_configured', { mode: body.mode, client_id: body.client_id, api_url: apiUrl });
      return written;
    });
    await this.#parts.reload(tenantId);
    return { status: 200, body: await this.#view(tenantId, row) };
  }

  async removeSlackApp({ principal }: Call<'removeSlackApp'>): Promise<Answer<'removeSlackApp'>> {
    const { tenantId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.change(deleteApp, [tenantId]) > 0) await this.#audit(tx, principal, 'slack.app_removed', {});
    });
    await this.#parts.reload(tenantId);
    return { status: 204 };
  }

  async listSlackChannels({ principal }: Call<'listSlackChannels'>): Promise<Answer<'listSlackChannels'>> {
    const items = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<ChannelRow>(listChannels, [principal.tenantId, principal.workspaceId]));
    return { status: 200, body: { items } };
  }

  async putSlackChannel({ principal, body }: Call<'putSlackChannel'>): Promise<Answer<'putSlackChannel'>> {
    const { tenantId, workspaceId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.maybeOne(findInstallation, [tenantId, body.installation]) === undefined) throw new ApiError('slack_installation_unknown', `The app is not installed in ${body.installation}.`);
      const added = await tx.change(insertChannel, [tenantId, workspaceId, body.environment, body.installation, body.channel_id, principal.id]);
      if (added > 0) await this.#audit(tx, principal, 'slack.channel_set', { ...body });
    });
    this.#parts.wake(tenantId);
    return { status: 200, body };
  }

  async removeSlackChannel({ principal, path }: Call<'removeSlackChannel'>): Promise<Answer<'removeSlackChannel'>> {
    const { tenantId, workspaceId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.change(deleteChannel, [tenantId, workspaceId, path.environment, path.installation, path.channel]) === 0) throw new ApiError('not_found', 'No approvals are shown there.');
      await this.#audit(tx, principal, 'slack.channel_removed', { environment: path.environment, installation: path.installation, channel_id: path.channel });
    });
    return { status: 204 };
  }

  async #view(tenantId: string, row: SlackAppRow): Promise<SlackAppView> {
    const settings = await this.#parts.store.settings(tenantId);
    const { publicUrl } = this.#parts;
    return {
      mode: row.mode, client_id: row.client_id, api_url: row.api_url, has_app_token: settings !== null && settings.secrets.app_token !== null,
      configured_at: row.configured_at.toISOString(), request_url: `${publicUrl}/api/v1/slack/requests/${tenantId}`,
      redirect_url: `${publicUrl}/api/v1/slack/oauth/callback`, ...this.#parts.statusOf(tenantId),
    };
  }

  #audit(tx: Transaction, principal: Principal, type: AuditEventType, data: AuditData): Promise<string> {
    return appendAudit(tx, {
      at: this.#parts.clock.now(), type, tenant_id: principal.tenantId, workspace_id: principal.workspaceId, run_id: null,
      actor: actorOf(principal), subject: { kind: 'slack_app', id: principal.tenantId }, data,
    });
  }
}

export function notConfigured(): ApiError {
  return new ApiError('slack_not_configured', 'This tenant has no Slack app.');
}
