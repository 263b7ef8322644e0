import { hash, randomBytes } from 'node:crypto';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { insertAttempt, takeAttempt } from './queries.ts';
import type { AttemptRow } from './queries.ts';

const BROWSER_SECRET = /^[A-Za-z0-9_-]{43}$/;
const STATE = /^(ten_[0-7][0-9a-hjkmnp-tv-z]{25})\.([A-Za-z0-9_-]{43})$/;

export type AttemptKind = 'oidc' | 'passkey_register' | 'passkey_assert';

export interface NewAttempt {
  readonly tenantId: string;
  readonly kind: AttemptKind;
  /** What only the control plane may know, such as the nonce and the PKCE verifier, or what it must find unchanged, such as the challenge. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly providerId?: string | undefined;
  /** Whose sign-in it is to be, where that is known before. */
  readonly principalId?: string | undefined;
  readonly invitationSha256?: string | undefined;
  readonly returnTo?: string | undefined;
}

export interface BegunAttempt {
  /** `<tenant>.<256 random bits>`: comes back through the browser. */
  readonly state: string;
  /** For the attempt cookie. Several attempts of one browser (two tabs) share it. */
  readonly browserSecret: string;
}

export interface TakenAttempt extends Pick<AttemptRow, 'provider_id' | 'principal_id' | 'invitation_sha256' | 'return_to'> {
  readonly tenantId: string;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Sign-ins and registrations under way: begun by one browser, finished by the same one, once, within 10 minutes. */
export class Attempts {
  readonly #database: Database;
  readonly #keys: Keys;

  constructor({ database, keys }: { readonly database: Database; readonly keys: Keys }) {
    this.#database = database;
    this.#keys = keys;
  }

  async begin(attempt: NewAttempt, browserSecret: string | undefined): Promise<BegunAttempt> {
    const { tenantId, kind } = attempt;
    const id = newId('sign_in_attempt');
    const begun = newState(tenantId, browserSecret);
    const sealed = await this.#keys.seal(tenantId, 'identity', id, Buffer.from(JSON.stringify(attempt.secrets)));
    await this.#database.forTenant(tenantId, (tx) => tx.change(insertAttempt, [
      tenantId, id, kind, sha256(begun.state), sha256(begun.browserSecret), Buffer.from(sealed),
      attempt.providerId ?? null, attempt.principalId ?? null, attempt.invitationSha256 ?? null, attempt.returnTo ?? '/',
    ]));
    return begun;
  }

  /** Null: unknown, of another browser, used before, or too old; which of it is not told. */
  async take(kind: AttemptKind, state: string, browserSecret: string | undefined): Promise<TakenAttempt | null> {
    const tenantId = tenantOfState(state);
    if (tenantId === null || browserSecret === undefined) return null;
    const row = await this.#database.forTenant(tenantId, (tx) => tx.maybeOne<AttemptRow>(takeAttempt, [tenantId, kind, sha256(state), sha256(browserSecret)]));
    if (row === undefined) return null;
    const secrets = JSON.parse(Buffer.from(await this.#keys.unseal(tenantId, 'identity', row.id, row.sealed)).toString('utf8')) as Record<string, string>;
    return { ...row, tenantId, secrets };
  }
}

/** A state and the browser's secret; the one that the browser has already goes on. For a tenant that does not exist, a state that is never accepted. */
export function newState(tenantId: string, browserSecret: string | undefined): BegunAttempt {
  const known = browserSecret !== undefined && BROWSER_SECRET.test(browserSecret);
  return { state: `${tenantId}.${randomBytes(32).toString('base64url')}`, browserSecret: known ? browserSecret : randomBytes(32).toString('base64url') };
}

/** The tenant that a state names; null for anything that is none. */
export function tenantOfState(state: string): string | null {
  return STATE.exec(state)?.[1] ?? null;
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}
