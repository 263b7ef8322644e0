import type { IncomingMessage } from 'node:http';
import type { Authenticator } from '../identity/authenticator.ts';
import type { Principal } from '../identity/principal.ts';
import { cookieOf, SESSION_COOKIE } from './cookies.ts';

/** Who is asking; null where nobody we know is. An Authorization header decides alone: a request never falls back to the cookie beside it. */
export async function findPrincipal(request: IncomingMessage, authenticator: Authenticator): Promise<Principal | null> {
  if (request.headers.authorization !== undefined) {
    const bearer = bearerOf(request);
    return bearer === null ? null : authenticator.byApiKey(bearer);
  }
  const cookie = cookieOf(request.headers.cookie, SESSION_COOKIE);
  return cookie === undefined ? null : authenticator.bySession(cookie);
}

/** The token of `Authorization: Bearer` (RFC 6750); null where there is no such header. */
export function bearerOf(request: IncomingMessage): string | null {
  const [, bearer] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return bearer ?? null;
}
