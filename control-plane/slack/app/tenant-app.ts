import type { webApi } from '@slack/bolt';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { Loop } from '../../cell/loop.ts';
import { AlarmPoster } from '../alarms/alarm-poster.ts';
import { CardPoster } from '../cards/card-poster.ts';
import type { Decisions } from '../interactions/decisions.ts';
import type { LinkCommands } from '../interactions/link-commands.ts';
import type { SlackAppStatus } from '../setup/app-api.ts';
import type { SlackSettings } from '../setup/slack-store.ts';
import { boundFetch } from './bound-fetch.ts';
import type { BoundFetch } from './bound-fetch.ts';
import { createBoltApp } from './bolt-app.ts';
import { boltLogger } from './bolt-logger.ts';
import { HttpReceiver } from './http-receiver.ts';
import type { Acknowledgement } from './http-receiver.ts';
import { ONCE, RETRY } from './slack-calls.ts';
import { SlackSender } from './slack-sender.ts';
import type { SlackSenderParts } from './slack-sender.ts';
import { SocketConnection } from './socket-connection.ts';

/** Well within the three seconds that a click gives us, with time for another try. */
const CALL_TIMEOUT_MS = 2_000;
/** How often everything is looked at when nobody says that something changed. */
const SWEEP_MS = 2_000;
const PACE_LOOK_MS = 250;

export interface TenantAppParts extends Omit<SlackSenderParts, 'tenantId' | 'clientOptions' | 'onPaced'> {
  readonly log: Logger;
  readonly publicUrl: string;
  readonly decisions: Decisions;
  readonly links: LinkCommands;
}

/** The Slack app of one tenant while it runs: Bolt, the way requests come in, and the loop that posts alarms and keeps cards up to date. */
export class TenantApp {
  readonly settings: SlackSettings;
  readonly #fetch: BoundFetch;
  readonly #http: HttpReceiver | null;
  readonly #socket: SocketConnection | null;
  readonly #cards: Loop;

  constructor(tenantId: string, settings: SlackSettings, parts: TenantAppParts) {
    this.settings = settings;
    this.#fetch = boundFetch(settings.api_url);
    const clientOptions: webApi.WebClientOptions = {
      slackApiUrl: settings.api_url, allowAbsoluteUrls: false, fetch: this.#fetch.fetch, rejectRateLimitedCalls: true, retryConfig: RETRY,
      timeout: CALL_TIMEOUT_MS, logger: boltLogger(parts.log, tenantId),
    };
    const { app_token } = settings.secrets;
    this.#socket = settings.mode === 'socket' && app_token !== null ? new SocketConnection({ tenantId, appToken: app_token, clientOptions, log: parts.log }) : null;
    this.#http = this.#socket === null ? new HttpReceiver() : null;
    createBoltApp({
      tenantId, log: parts.log, clientOptions, receiver: this.#socket?.receiver ?? this.#http ?? new HttpReceiver(),
      installation: (id) => parts.store.installation(tenantId, id),
      revoke: (installation, why) => parts.revoke(tenantId, installation, why), decisions: parts.decisions, links: parts.links,
    });
    // A message is sent once: after a lost answer the channel is asked whether it is there.
    const sender = new SlackSender({ ...parts, tenantId, clientOptions: { ...clientOptions, retryConfig: ONCE, timeout: 10_000 }, onPaced: () => { setTimeout(() => this.wake(), PACE_LOOK_MS).unref(); } });
    const [alarms, cards] = [new AlarmPoster({ ...parts, tenantId, sender }), new CardPoster({ ...parts, tenantId, sender })];
    this.#cards = new Loop({ name: 'slack messages', idle_ms: SWEEP_MS, busy_ms: 0, log: parts.log }, async () => {
      const told = await alarms.turn();
      return await cards.turn() || told;
    });
  }

  get status(): SlackAppStatus {
    return this.#socket?.status ?? { connected: true, error: null };
  }

  start(): void {
    this.#socket?.start();
    this.#cards.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#socket?.stop(), this.#cards.stop()]);
    await this.#fetch.close();
  }

  wake(): void {
    this.#cards.wake();
  }

  /** One request by HTTP, verified. Where the app is set to Socket Mode Slack sends none, and none is taken. */
  receive(body: Record<string, unknown>, retry: { readonly retryNum?: number; readonly retryReason?: string }): Promise<Acknowledgement> | null {
    return this.#http === null ? null : this.#http.receive(body, retry);
  }
}
