/**
 * `POST /oauth_token.do`: form-encoded only. Source: ServiceNow documentation, "OAuth API request parameters"
 * (application/json "results in an unspecified error") and the sample of "OAuth example" (`expires_in` 1799).
 */
import { randomBytes } from 'node:crypto';
import type { Accounts } from './accounts.ts';
import type { Answer } from './answers.ts';
import { jsonAnswer } from './answers.ts';
import type { Principal } from './principals.ts';

const ACCESS_TOKEN_TTL_S = 1799;
const REFRESH_TOKEN_TTL_S = 8_640_000;

interface IssuedToken {
  user_name: string;
  expires_at_ms: number;
}

/** Tokens live in memory: after a restart a client meets 401 and fetches a new one, as it must when one expires. */
export class OauthTokens {
  readonly #accounts: Accounts;
  readonly #now: () => Date;
  readonly #access = new Map<string, IssuedToken>();
  readonly #refresh = new Map<string, IssuedToken>();

  constructor(accounts: Accounts, now: () => Date) {
    this.#accounts = accounts;
    this.#now = now;
  }

  /** The user an unexpired access token was given to. */
  principalOf(token: string): Principal | undefined {
    const issued = this.#unexpired(this.#access, token);
    return issued === undefined ? undefined : this.#accounts.byUserName(issued.user_name);
  }

  /** Answers a token request; `body` is the raw text. */
  grant(contentType: string | undefined, body: string): Answer {
    if (!/^application\/x-www-form-urlencoded\b/i.test(contentType ?? '')) return refused('server_error');
    const form = new URLSearchParams(body);
    const client = this.#accounts.byOauthClient(form.get('client_id') ?? '', form.get('client_secret') ?? '');
    if (client === undefined) return refused('invalid_client');
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return this.#issue(client, undefined);
      case 'password': {
        const user = this.#accounts.byPassword(form.get('username') ?? '', form.get('password') ?? '');
        return user === undefined ? refused('access_denied') : this.#issue(user, this.#newRefreshToken(user));
      }
      case 'refresh_token': {
        const given = form.get('refresh_token') ?? '';
        const issued = this.#unexpired(this.#refresh, given);
        const user = issued === undefined ? undefined : this.#accounts.byUserName(issued.user_name);
        return user === undefined ? refused('access_denied') : this.#issue(user, given);
      }
      default:
        return refused('unsupported_grant_type');
    }
  }

  #issue(principal: Principal, refreshToken: string | undefined): Answer {
    for (const stale of this.#access.keys()) this.#unexpired(this.#access, stale);
    const token = newToken();
    this.#access.set(token, { user_name: principal.user_name, expires_at_ms: this.#now().getTime() + ACCESS_TOKEN_TTL_S * 1000 });
    return jsonAnswer(200, {
      access_token: token,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      scope: 'useraccount',
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_TTL_S,
    });
  }

  #newRefreshToken(principal: Principal): string {
    const token = newToken();
    this.#refresh.set(token, { user_name: principal.user_name, expires_at_ms: this.#now().getTime() + REFRESH_TOKEN_TTL_S * 1000 });
    return token;
  }

  #unexpired(tokens: Map<string, IssuedToken>, token: string): IssuedToken | undefined {
    const issued = tokens.get(token);
    if (issued !== undefined && issued.expires_at_ms <= this.#now().getTime()) {
      tokens.delete(token);
      return undefined;
    }
    return issued;
  }
}

function newToken(): string {
  return randomBytes(48).toString('base64url');
}

function refused(error: string): Answer {
  return jsonAnswer(401, { error_description: 'access_denied', error });
}
