import { App } from '@slack/bolt';
import type { AppOptions, Receiver, types, webApi } from '@slack/bolt';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { ACTIONS, parseButtonValue, VIEWS } from '../cards/button-value.ts';
import { noticeModal, REASON, REASON_LENGTH } from '../cards/modals.ts';
import { clickerOf } from '../interactions/clicker.ts';
import type { SlackBody } from '../interactions/clicker.ts';
import type { Click, Decisions } from '../interactions/decisions.ts';
import type { LinkCommands } from '../interactions/link-commands.ts';
import { shownText } from '../safe-text.ts';
import type { OpenInstallation } from '../setup/slack-store.ts';
import { boltLogger } from './bolt-logger.ts';
import { SlackAppError } from './errors.ts';

export interface BoltAppParts {
  readonly tenantId: string;
  readonly log: Logger;
  readonly receiver: Receiver;
  readonly clientOptions: webApi.WebClientOptions;
  readonly installation: (id: string) => Promise<OpenInstallation | null>;
  readonly revoke: (installation: string, why: string) => Promise<void>;
  readonly decisions: Decisions;
  readonly links: LinkCommands;
}

/** What this tenant's Slack app listens to. Everything is acknowledged at once: Slack waits three seconds, people and databases may take longer. */
export function createBoltApp(parts: BoltAppParts): App {
  const app = new App({
    receiver: parts.receiver, logger: boltLogger(parts.log, parts.tenantId), clientOptions: parts.clientOptions, convoStore: false,
    authorize: authorizeBy(parts), tokenVerificationEnabled: false,
  });
  listenToButtons(app, parts);
  listenToModals(app, parts);
  listenToHome(app, parts);
  // What Bolt could not hand to a listener; Slack was answered already, or asks again.
  app.error(async (error) => { parts.log.warn({ err: error, tenant_id: parts.tenantId }, 'a request of Slack could not be carried out'); });
  return app;
}

function authorizeBy({ installation }: BoltAppParts): NonNullable<AppOptions['authorize']> {
  return async ({ teamId, enterpriseId, isEnterpriseInstall }) => {
    const found = await installation((isEnterpriseInstall ? enterpriseId : teamId) ?? '');
    if (found === null) throw new SlackAppError('not_installed', 'The app is not installed there.');
    return {
      botToken: found.botToken, botUserId: found.bot_user_id, ...(found.bot_id === null ? {} : { botId: found.bot_id }),
      ...(teamId === undefined ? {} : { teamId }), ...(enterpriseId === undefined ? {} : { enterpriseId }),
    };
  };
}

function listenToButtons(app: App, { tenantId, decisions, links }: BoltAppParts): void {
  const answers: Record<string, (click: Click) => Promise<types.ModalView>> = {
    [ACTIONS.show]: (click) => decisions.show(click),
    [ACTIONS.approve]: (click) => decisions.approve(click),
    [ACTIONS.reject]: (click) => decisions.askReason(click),
    [ACTIONS.link]: (click) => links.link(click),
    [ACTIONS.unlink]: (click) => links.unlink(click),
  };
  for (const [name, answer] of Object.entries(answers)) {
    app.action({ type: 'block_actions', action_id: name }, async ({ ack, body, action, client }) => {
      await ack();
      const value = parseButtonValue('value' in action ? action.value : undefined);
      const view = await answer({ tenantId, clicker: clickerOf(body as SlackBody), value, client });
      await (body.view?.type === 'modal' ? client.views.push({ trigger_id: body.trigger_id, view }) : client.views.open({ trigger_id: body.trigger_id, view }));
    });
  }
  // A link: Slack's client opens it by itself and tells us, too.
  app.action(ACTIONS.open, async ({ ack }) => { await ack(); });
}

function listenToModals(app: App, { tenantId, decisions }: BoltAppParts): void {
  app.view(VIEWS.decide, async ({ ack, body, view, client }) => {
    await ack({ response_action: 'update', view: COUNTING });
    const result = await decisions.approve({ tenantId, clicker: clickerOf(body as SlackBody), value: parseButtonValue(view.private_metadata), client });
    await client.views.update({ view_id: view.id, view: result });
  });
  app.view(VIEWS.reason, async ({ ack, body, view, client }) => {
    const reason = shownText(view.state.values[REASON.block]?.[REASON.input]?.value ?? '', REASON_LENGTH).text.trim();
    if (reason === '') {
      await ack({ response_action: 'errors', errors: { [REASON.block]: 'Say why, in a sentence.' } });
      return;
    }
    await ack({ response_action: 'update', view: COUNTING });
    const result = await decisions.reject({ tenantId, clicker: clickerOf(body as SlackBody), value: parseButtonValue(view.private_metadata), client }, reason);
    await client.views.update({ view_id: view.id, view: result });
  });
}

function listenToHome(app: App, { tenantId, links, revoke }: BoltAppParts): void {
  app.command('/countersign', async ({ ack, command, client }) => {
    await ack(await links.command({ tenantId, clicker: clickerOf(command as SlackBody), value: null, client }, command.text));
  });
  app.event('app_home_opened', async ({ event, body, client }) => {
    if (event.tab === 'home') await links.homeOpened({ tenantId, clicker: clickerOf({ ...body, is_enterprise_install: enterpriseWide(body), user_id: event.user } as SlackBody), value: null, client });
  });
  app.event('app_uninstalled', async ({ body }) => { await revoke(installationOf(body), 'app_uninstalled'); });
  app.event('tokens_revoked', async ({ event, body }) => {
    if ((event.tokens.bot ?? []).length > 0) await revoke(installationOf(body), 'tokens_revoked');
  });
}

interface EventBody {
  readonly team_id?: string;
  readonly enterprise_id?: string;
  readonly authorizations?: ReadonlyArray<{ readonly is_enterprise_install?: boolean; readonly enterprise_id?: string | null }>;
}

/** Events say for which installation they are in their authorizations; after an uninstallation the organisation's own has no team. */
function enterpriseWide(body: EventBody): boolean {
  return body.authorizations?.[0]?.is_enterprise_install ?? (body.enterprise_id !== undefined && body.team_id === undefined);
}

function installationOf(body: EventBody): string {
  return (enterpriseWide(body) ? body.enterprise_id : body.team_id) ?? '';
}

const COUNTING = noticeModal('Counting', 'Your vote is on its way.');
