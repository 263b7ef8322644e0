import { webApi } from '@slack/bolt';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { pauseInstallation, takePace } from '../cards/queries.ts';
import type { SlackStore } from '../setup/slack-store.ts';
import { tokenIsDead } from './slack-calls.ts';
import type { SlackFailure } from './slack-calls.ts';

export interface SlackSenderParts {
  readonly tenantId: string;
  readonly database: Database;
  readonly store: SlackStore;
  readonly log: Logger;
  readonly clientOptions: webApi.WebClientOptions;
  readonly revoke: (tenantId: string, installation: string, why: string) => Promise<void>;
  /** A message waits for its channel's pace: look again soon. */
  readonly onPaced: () => void;
}

/** What posting to one tenant's installations takes, whatever is posted: their clients, the pace of their channels, and what a failure means for all of them. */
export class SlackSender {
  readonly #parts: SlackSenderParts;
  readonly #clients = new Map<string, webApi.WebClient>();

  constructor(parts: SlackSenderParts) {
    this.#parts = parts;
  }

  /** Null where the installation is not there any more. */
  async clientOf(installation: string): Promise<webApi.WebClient | null> {
    const found = await this.#parts.store.installation(this.#parts.tenantId, installation);
    if (found === null) return null;
    const known = this.#clients.get(installation);
    if (known?.token === found.botToken) return known;
    const client = new webApi.WebClient(found.botToken, this.#parts.clientOptions);
    this.#clients.set(installation, client);
    return client;
  }

  /** Whether it is a channel's turn: one message a second, whichever process posts. */
  async mayPost({ installation, channel_id }: { readonly installation: string; readonly channel_id: string }): Promise<boolean> {
    const { tenantId, database, onPaced } = this.#parts;
    const mayPost = await database.forTenant(tenantId, (tx) => tx.change(takePace, [tenantId, installation, channel_id])) > 0;
    if (!mayPost) onPaced();
    return mayPost;
  }

  /** Slack asked for silence, or the token is dead: both are of the whole installation. */
  async note(installation: string, failure: SlackFailure): Promise<void> {
    const { tenantId, database, log, revoke } = this.#parts;
    log.warn({ tenant_id: tenantId, installation, failure }, 'a call to Slack failed');
    if (failure.kind === 'limited') await database.forTenant(tenantId, (tx) => tx.change(pauseInstallation, [tenantId, installation, failure.retryAfter_s]));
    if (tokenIsDead(failure)) await revoke(tenantId, installation, failure.kind === 'refused' ? failure.error : '');
  }
}

/** Under another name: linters take any `postMessage` for a window's. */
export function sendMessage({ chat: { postMessage: send } }: webApi.WebClient, message: webApi.ChatPostMessageArguments): Promise<webApi.ChatPostMessageResponse> {
  return send(message);
}
