/** The users that can sign in to the sandbox, and what each is there for. Passwords live here only. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from './principals.ts';

export interface AccountSettings {
  admin: { user: string; password: string };
  integration: { user: string; password: string };
  oauth?: { clientId: string; clientSecret: string } | undefined;
  apiKey?: string | undefined;
}

/** Same rights as the integration user, but a query of `sys_journal_field` is refused with 403. */
export const NO_JOURNAL_USER = 'countersign.no-journal';
/** Same rights as the integration user, but every row of `sys_journal_field` is filtered out: 200 and an empty list. */
export const HIDDEN_JOURNAL_USER = 'countersign.hidden-journal';

/** Checks credentials in constant time. The two journal users share the integration user's password. */
export class Accounts {
  readonly #settings: AccountSettings;
  readonly #principals: ReadonlyMap<string, { principal: Principal; password: string }>;

  constructor(settings: AccountSettings) {
    this.#settings = settings;
    const { admin, integration } = settings;
    const itil = (user_name: string, journal_access: Principal['journal_access']) =>
      [user_name, { principal: { user_name, roles: ['itil'], journal_access }, password: integration.password }] as const;
    this.#principals = new Map<string, { principal: Principal; password: string }>([
      itil(NO_JOURNAL_USER, 'refused'),
      itil(HIDDEN_JOURNAL_USER, 'hidden'),
      itil(integration.user, 'read'),
      [admin.user, { principal: { user_name: admin.user, roles: ['admin', 'itil'], journal_access: 'read' }, password: admin.password }],
    ]);
  }

  byPassword(user: string, password: string): Principal | undefined {
    const account = this.#principals.get(user);
    const matches = sameSecret(password, account?.password ?? '');
    return matches ? account?.principal : undefined;
  }

  byUserName(user: string): Principal | undefined {
    return this.#principals.get(user)?.principal;
  }

  byApiKey(key: string): Principal | undefined {
    const { apiKey, integration } = this.#settings;
    return apiKey !== undefined && sameSecret(key, apiKey) ? this.byUserName(integration.user) : undefined;
  }

  /** The "OAuth Application User" of the client, which is the integration user. */
  byOauthClient(clientId: string, clientSecret: string): Principal | undefined {
    const { oauth, integration } = this.#settings;
    if (oauth === undefined) return undefined;
    const matches = sameSecret(clientId, oauth.clientId) && sameSecret(clientSecret, oauth.clientSecret);
    return matches ? this.byUserName(integration.user) : undefined;
  }
}

/** Compares digests, so that neither the length nor the first wrong character shows in the time it takes. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(expected)) && expected !== '';
}
