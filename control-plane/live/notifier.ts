import type { RedisCache } from '@countersign/platform/cache/redis-cache.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { notify } from '@countersign/platform/postgres/listener.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { AGENTS_CHANNEL } from '@countersign/contracts/agent/hint.ts';
import type { AgentHint } from '@countersign/contracts/agent/hint.ts';
import { CHANGES_CHANNEL, SESSION_ENDED_CHANNEL } from '@countersign/contracts/events/change.ts';
import type { Change } from '@countersign/contracts/events/change.ts';

/**
 * Tells the execution plane and the open consoles that something has happened, after its commit. A notification is a hint: if it
 * cannot be sent nothing is lost, because everybody who listens also polls.
 */
export class Notifier {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #cache: Pick<RedisCache, 'publish'> | null;
  readonly #pending = new Set<string>();

  /** `cache`: where kill switches are told of, too, so that they bind at once whatever stands between a worker and PostgreSQL. */
  constructor(database: Database, log: Logger, cache: Pick<RedisCache, 'publish'> | null = null) {
    this.#cache = cache;
    this.#database = database;
    this.#log = log;
  }

  deliveries(): void {
    this.#soon('countersign_deliveries');
  }

  commands(): void {
    this.#soon('countersign_commands');
  }

  approval(id: string): void {
    this.#send('countersign_approvals', id);
  }

  /** Where nobody hears it, the streams of the session end with the next beat. */
  sessionEnded(id: string): void {
    this.#send(SESSION_ENDED_CHANNEL, id);
  }

  agent(hint: AgentHint): void {
    this.#send(AGENTS_CHANNEL, JSON.stringify(hint));
  }

  changed(change: Change): void {
    const payload = JSON.stringify(change);
    this.#send(CHANGES_CHANNEL, payload);
    if (change.kind === 'kill_switch') this.#cache?.publish(CHANGES_CHANNEL, payload).catch((error: unknown) => this.#log.warn({ err: error }, 'Redis was not told of a kill switch; workers read it within half a second'));
  }

  /** One notification for all that commits within 2 ms: what it says is only "look". */
  #soon(channel: string): void {
    if (this.#pending.has(channel)) return;
    this.#pending.add(channel);
    setTimeout(() => {
      this.#pending.delete(channel);
      this.#send(channel, '');
    }, 2);
  }

  #send(channel: string, payload: string): void {
    notify(this.#database.pool, channel, payload).catch((error: unknown) => this.#log.warn({ err: error, channel }, 'a notification could not be sent'));
  }
}
