import { hash, randomBytes } from 'node:crypto';
import { webApi } from '@slack/bolt';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../../api/operation.ts';
import { actorOf } from '../../identity/principal.ts';
import type { Principal } from '../../identity/principal.ts';
import { boundFetch } from '../app/bound-fetch.ts';
import { asApiError, RETRY } from '../app/slack-calls.ts';
import { authorizeUrl } from '../app/slack-urls.ts';
import { notConfigured } from './app-api.ts';
import { insertInstallState, listInstallations, revokeInstallation, upsertInstallation, useInstallState } from './queries.ts';
import type { InstallationRow } from './queries.ts';
import { workspaceOf } from './slack-store.ts';
import type { SlackSettings, SlackStore } from './slack-store.ts';

/** What the bot may do: post and update cards, answer the command, see whether a user is a guest, find a card whose post was not answered. */
const SCOPES = ['chat:write', 'commands', 'users:read', 'channels:history', 'groups:history'];

interface Found {
  readonly teamId: string | null;
  readonly enterpriseId: string | null;
  readonly name: string;
  readonly botId: string | null;
  readonly botUserId: string;
  readonly botToken: string;
  readonly wholeEnterprise: boolean;
}

export interface InstallationsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: SlackStore;
  readonly publicUrl: string;
  readonly wake: (tenantId: string) => void;
}

/** Where the tenant's Slack app is installed: by OAuth v2, or with a bot token that an admin made in Slack's pages. */
export class SlackInstallations {
  readonly #parts: InstallationsParts;

  constructor(parts: InstallationsParts) {
    this.#parts = parts;
  }

  async listSlackInstallations({ principal }: Call<'listSlackInstallations'>): Promise<Answer<'listSlackInstallations'>> {
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<InstallationRow>(listInstallations, [principal.tenantId]));
    return { status: 200, body: { items: rows.map(viewOf) } };
  }

  async putSlackInstallation({ principal, body }: Call<'putSlackInstallation'>): Promise<Answer<'putSlackInstallation'>> {
    const settings = await this.#settings(principal);
    const found = await withClient(settings, body.bot_token, async (client) => {
      const who = await client.auth.test();
      if (who.user_id === undefined || who.team_id === undefined) throw new ApiError('slack_refused', 'Slack did not say whose token it is.');
      return {
        teamId: who.team_id, enterpriseId: who.enterprise_id ?? null, name: who.team ?? who.team_id, botId: who.bot_id ?? null, botUserId: who.user_id,
        botToken: body.bot_token, wholeEnterprise: who.is_enterprise_install === true,
      };
    });
    return { status: 200, body: viewOf(await this.#install(principal, found, 'bot_token')) };
  }

  async removeSlackInstallation({ principal, path }: Call<'removeSlackInstallation'>): Promise<Answer<'removeSlackInstallation'>> {
    const removed = await this.revoke(principal.tenantId, path.installation, 'removed_here', actorOf(principal));
    if (!removed) throw new ApiError('not_found', 'The app is not installed there.');
    return { status: 204 };
  }

  async startSlackInstall({ principal }: Call<'startSlackInstall'>): Promise<Answer<'startSlackInstall'>> {
    const settings = await this.#settings(principal);
    const state = randomBytes(32).toString('base64url');
    const { tenantId } = principal;
    await this.#parts.database.forTenant(tenantId, (tx) => tx.change(insertInstallState, [tenantId, sha256(state), browserSession(principal)]));
    const location = authorizeUrl(settings.api_url, { client_id: settings.client_id, scope: SCOPES.join(','), state, redirect_uri: this.#redirectUrl() });
    return { status: 302, headers: { location } };
  }

  /** The session that began is the one that ends: a state of somebody else installs nothing, in whosever browser it lands. */
  async finishSlackInstall({ principal, query }: Call<'finishSlackInstall'>): Promise<Answer<'finishSlackInstall'>> {
    const settings = await this.#settings(principal);
    const { tenantId } = principal;
    const used = await this.#parts.database.forTenant(tenantId, (tx) => tx.change(useInstallState, [tenantId, sha256(query.state), browserSession(principal)]));
    if (used === 0) throw new ApiError('slack_state_invalid', 'The state is unknown, used, too old, or of another session.');
    if (query.error !== undefined) throw new ApiError('slack_refused', `Slack answered ${query.error.slice(0, 60)}.`);
    if (query.code === undefined) throw new ApiError('request_invalid', 'Slack sent no code.', { errors: [{ field: '/query/code', code: 'required', message: 'Begin the installation again.' }] });
    const { code } = query;
    const found = await withClient(settings, undefined, async (client) => {
      const access = await client.oauth.v2.access({ client_id: settings.client_id, client_secret: settings.secrets.client_secret, code, redirect_uri: this.#redirectUrl() });
      if (access.access_token === undefined || access.bot_user_id === undefined) throw new ApiError('slack_refused', 'Slack gave no bot token.');
      return {
        teamId: access.team?.id ?? null, enterpriseId: access.enterprise?.id ?? null, name: access.team?.name ?? access.enterprise?.name ?? 'Slack', botId: null,
        botUserId: access.bot_user_id, botToken: access.access_token, wholeEnterprise: access.is_enterprise_install === true,
      };
    });
    await this.#install(principal, found, 'oauth');
    return { status: 302, headers: { location: `${this.#parts.publicUrl}/connectors` } };
  }

  /** Wipes the token: Slack said that it is void, or an admin did. Gives whether there was one. */
  async revoke(tenantId: string, installation: string, why: string, actor: { kind: 'person' | 'service' | 'system'; id: string }): Promise<boolean> {
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      if (await tx.change(revokeInstallation, [tenantId, installation]) === 0) return false;
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'slack.uninstalled', tenant_id: tenantId, workspace_id: await workspaceOf(tx, tenantId), run_id: null,
        actor, subject: { kind: 'slack_installation', id: installation }, data: { why },
      });
      return true;
    });
  }

  async #install(principal: Principal, found: Found, how: string): Promise<InstallationRow> {
    const { tenantId } = principal;
    const id = found.wholeEnterprise ? found.enterpriseId : found.teamId;
    if (id === null) throw new ApiError('slack_refused', 'Slack did not say which workspace the token is for.');
    const sealed = await this.#parts.store.sealToken(tenantId, id, found.botToken);
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const written = await tx.one<InstallationRow>(upsertInstallation, [tenantId, id, found.wholeEnterprise ? null : found.teamId, found.enterpriseId, found.name.slice(0, 200), found.botId, found.botUserId, sealed, principal.id]);
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'slack.installed', tenant_id: tenantId, workspace_id: principal.workspaceId, run_id: null,
        actor: actorOf(principal), subject: { kind: 'slack_installation', id }, data: { how, bot_user_id: found.botUserId },
      });
      return written;
    });
    this.#parts.wake(tenantId);
    return row;
  }

  async #settings(principal: Principal): Promise<SlackSettings> {
    const settings = await this.#parts.store.settings(principal.tenantId);
    if (settings === null) throw notConfigured();
    return settings;
  }

  #redirectUrl(): string {
    return `${this.#parts.publicUrl}/api/v1/slack/oauth/callback`;
  }
}

/** Installing goes through a browser, and only that browser's session can finish it. */
function browserSession(principal: Principal): string {
  if (principal.via.kind !== 'session') throw new ApiError('forbidden', 'Installing by OAuth goes through a browser that is signed in. With an API key, send a bot token to PUT /api/v1/slack/installations.');
  return principal.via.sessionId;
}

async function withClient<T>(settings: SlackSettings, token: string | undefined, work: (client: webApi.WebClient) => Promise<T>): Promise<T> {
  const bound = boundFetch(settings.api_url);
  try {
    return await work(new webApi.WebClient(token, { slackApiUrl: settings.api_url, allowAbsoluteUrls: false, fetch: bound.fetch, retryConfig: RETRY, rejectRateLimitedCalls: true, logLevel: webApi.LogLevel.ERROR }));
  } catch (error) {
    throw error instanceof ApiError ? error : asApiError(error);
  } finally {
    await bound.close();
  }
}

function viewOf(row: InstallationRow): components['schemas']['SlackInstallation'] {
  return {
    installation: row.installation, team_id: row.team_id, enterprise_id: row.enterprise_id, name: row.name, bot_user_id: row.bot_user_id,
    installed_at: row.installed_at.toISOString(), revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}
