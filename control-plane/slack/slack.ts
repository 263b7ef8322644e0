import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Approvals } from '../approvals/approvals.ts';
import { Loop } from '../cell/loop.ts';
import type { RateLimit } from '../cell/rate-limit.ts';
import { forEveryTenant } from '../cell/tenants.ts';
import { TenantApp } from './app/tenant-app.ts';
import type { TenantAppParts } from './app/tenant-app.ts';
import { closeUnposted } from './cards/queries.ts';
import { Decisions } from './interactions/decisions.ts';
import { LinkCommands } from './interactions/link-commands.ts';
import { Voters } from './interactions/voters.ts';
import { SlackLinks } from './links/links.ts';
import { SlackRequests } from './requests.ts';
import { SlackAppApi } from './setup/app-api.ts';
import type { SlackAppStatus } from './setup/app-api.ts';
import { SlackInstallations } from './setup/installations.ts';
import { findApp, forgetLinkRequests, forgetSignatures, forgetStates } from './setup/queries.ts';
import type { SlackAppRow } from './setup/queries.ts';
import { SlackStore } from './setup/slack-store.ts';

export interface SlackParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly log: Logger;
  readonly refusals: RateLimit;
  readonly approvals: Approvals;
  readonly publicUrl: string;
  readonly standInsAllowed: boolean;
}

const OFF: SlackAppStatus = { connected: false, error: 'It is not taken up yet.' };

/**
 * Approvals in Slack. Every tenant with a Slack app has a running one in this process; settings that changed in another process are seen by
 * their revision within seconds.
 */
export class Slack {
  readonly app: SlackAppApi;
  readonly installations: SlackInstallations;
  readonly links: SlackLinks;
  readonly requests: SlackRequests;
  readonly #parts: SlackParts;
  readonly #store: SlackStore;
  readonly #appParts: TenantAppParts;
  readonly #running = new Map<string, TenantApp>();
  readonly #changes = new Map<string, Promise<TenantApp | null>>();
  readonly #watch: Loop;
  #stopped = false;

  constructor(parts: SlackParts) {
    this.#parts = parts;
    const wake = (tenantId: string): void => this.wake(tenantId);
    this.#store = new SlackStore(parts.database, parts.keys);
    const shared = { ...parts, store: this.#store, wake };
    const voters = new Voters(parts);
    this.installations = new SlackInstallations(shared);
    this.links = new SlackLinks(shared);
    this.app = new SlackAppApi({ ...shared, reload: async (tenantId) => { await this.#takeUp(tenantId); }, statusOf: (tenantId) => this.#running.get(tenantId)?.status ?? OFF });
    this.requests = new SlackRequests({ ...parts, appOf: (tenantId) => this.#takeUp(tenantId) });
    this.#appParts = {
      ...shared, decisions: new Decisions({ ...parts, voters }), links: new LinkCommands({ ...shared, links: this.links, voters }),
      revoke: async (tenantId, installation, why) => { await this.installations.revoke(tenantId, installation, why, { kind: 'system', id: 'slack' }); },
    };
    this.#watch = new Loop({ name: 'slack apps', idle_ms: 5_000, busy_ms: 5_000, log: parts.log }, () => forEveryTenant(parts.database, parts.log, async (tenantId) => {
      await this.#takeUp(tenantId);
      return false;
    }));
  }

  start(): void {
    this.#watch.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watch.stop();
    await Promise.allSettled(this.#changes.values());
    await Promise.all([...this.#running.values()].map((app) => app.stop()));
    this.#running.clear();
  }

  /** Something of this tenant changed: look now instead of soon. */
  wake(tenantId: string): void {
    this.#running.get(tenantId)?.wake();
  }

  /** Forgets what can no longer matter. */
  async forget(tenantId: string): Promise<boolean> {
    const forgotten = await this.#parts.database.forTenant(tenantId, async (tx) =>
      await tx.change(forgetSignatures, [tenantId]) + await tx.change(forgetStates, [tenantId]) + await tx.change(forgetLinkRequests, [tenantId])
      + await tx.change(closeUnposted, [tenantId]));
    return forgotten > 0;
  }

  /** The tenant's app as it is configured now, running; one change of a tenant after the other. */
  #takeUp(tenantId: string): Promise<TenantApp | null> {
    const before = this.#changes.get(tenantId) ?? Promise.resolve(null);
    const change = before.catch(() => null).then(() => this.#replaceIfChanged(tenantId));
    this.#changes.set(tenantId, change);
    const done = (): void => { if (this.#changes.get(tenantId) === change) this.#changes.delete(tenantId); };
    void change.finally(done).catch(() => undefined);
    return change;
  }

  async #replaceIfChanged(tenantId: string): Promise<TenantApp | null> {
    const running = this.#running.get(tenantId) ?? null;
    const row = await this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<SlackAppRow>(findApp, [tenantId]));
    if (this.#stopped || (row !== undefined && running?.settings.revision === row.revision)) return running;
    this.#running.delete(tenantId);
    await running?.stop();
    const settings = row === undefined ? null : await this.#store.settings(tenantId);
    if (settings === null) return null;
    const app = new TenantApp(tenantId, settings, this.#appParts);
    this.#running.set(tenantId, app);
    app.start();
    return app;
  }
}
