import { createRemoteJWKSet, customFetch } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import { boundFetch } from '../outbound/bound-fetch.ts';
import type { BoundFetch } from '../outbound/bound-fetch.ts';
import { OauthError } from './oauth-error.ts';

const COOLDOWN_MS = 30_000;
const KEPT_MS = 600_000;
const MOST_KEPT = 100;

interface KnownIssuer {
  readonly keys: JWTVerifyGetKey;
  readonly fetch: BoundFetch;
}

/** Public keys of issuers whose tokens are exchanged, found by OpenID Connect Discovery 1.0 and fetched again as they rotate. */
export class IssuerKeys {
  readonly #allowLoopback: boolean;
  readonly #cooldown_ms: number;
  readonly #known = new Map<string, Promise<KnownIssuer>>();

  /** `cooldown_ms`: an unknown key id makes us ask the issuer again, but not more often than this. */
  constructor({ allowLoopback, cooldown_ms = COOLDOWN_MS }: { readonly allowLoopback: boolean; readonly cooldown_ms?: number }) {
    this.#allowLoopback = allowLoopback;
    this.#cooldown_ms = cooldown_ms;
  }

  /** @throws OauthError `invalid_grant` where the issuer cannot be asked, or says that it is another */
  async of(issuer: string): Promise<JWTVerifyGetKey> {
    const known = this.#known.get(issuer) ?? this.#remember(issuer);
    return (await known).keys;
  }

  async close(): Promise<void> {
    const known = await Promise.allSettled(this.#known.values());
    await Promise.all(known.flatMap((one) => (one.status === 'fulfilled' ? [one.value.fetch.close()] : [])));
  }

  #remember(issuer: string): Promise<KnownIssuer> {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KEPT && oldest !== undefined) this.#forget(oldest);
    const found = this.#discover(issuer);
    this.#known.set(issuer, found);
    // Whoever asks next tries again.
    found.catch(() => this.#known.delete(issuer));
    return found;
  }

  #forget(issuer: string): void {
    const found = this.#known.get(issuer);
    this.#known.delete(issuer);
    found?.then(({ fetch }) => fetch.close(), () => {});
  }

  async #discover(issuer: string): Promise<KnownIssuer> {
    const fetch = boundFetch({ allowLoopback: this.#allowLoopback });
    try {
      const answer = await fetch.fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
      const metadata = await answer.json() as { issuer?: unknown; jwks_uri?: unknown };
      if (metadata.issuer !== issuer || typeof metadata.jwks_uri !== 'string') throw new TypeError('the metadata are of another issuer, or name no keys');
      const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { [customFetch]: fetch.fetch, cooldownDuration: this.#cooldown_ms, cacheMaxAge: KEPT_MS });
      return { keys, fetch };
    } catch (cause) {
      await fetch.close();
      throw new OauthError('invalid_grant', 'The keys of the issuer cannot be had.', { cause });
    }
  }
}
