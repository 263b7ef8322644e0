const SESSION = 'countersign_session';
const ATTEMPT = 'countersign_attempt';
/** An attempt to sign in is over by then. */
const ATTEMPT_MAX_AGE_S = 600;

/** The value of one cookie of a `Cookie` header; the first where a name comes twice. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * The two cookies that we set. Over TLS they are `Secure` and named `__Host-`, which no other host and no unencrypted page can set (RFC 6265bis,
 * 4.1.3.2), and none by another name is read. `SameSite=Lax`, not Strict: a browser that comes back from an identity provider must bring them.
 */
export class Cookies {
  readonly #prefix: string;
  readonly #secure: string;

  constructor(publicUrl: string) {
    const tls = publicUrl.startsWith('https:');
    this.#prefix = tls ? '__Host-' : '';
    this.#secure = tls ? '; Secure' : '';
  }

  /** The token of the session that a `Cookie` header brings. */
  sessionOf(header: string | undefined): string | undefined {
    return cookieOf(header, `${this.#prefix}${SESSION}`);
  }

  /** `Set-Cookie` for a session token; the empty token ends the session in the browser. */
  session(token: string): string {
    return this.#cookie(SESSION, token, token === '' ? 0 : null);
  }

  /** What shows that a browser began the attempt that it now finishes. */
  attemptOf(header: string | undefined): string | undefined {
    return cookieOf(header, `${this.#prefix}${ATTEMPT}`);
  }

  attempt(secret: string): string {
    return this.#cookie(ATTEMPT, secret, ATTEMPT_MAX_AGE_S);
  }

  #cookie(name: string, value: string, max_age_s: number | null): string {
    return `${this.#prefix}${name}=${value}; Path=/; HttpOnly; SameSite=Lax${this.#secure}${max_age_s === null ? '' : `; Max-Age=${max_age_s}`}`;
  }
}
