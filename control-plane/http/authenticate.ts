import type { IncomingMessage } from 'node:http';
import type { Authenticator } from '../identity/authenticator.ts';
import type { Principal } from '../identity/principal.ts';

export interface SessionCookies {
  /** The value of the session cookie in a `Cookie` header. */
  sessionOf(header: string | undefined): string | undefined;
}

/**
 * Who is asking, in the workspace that the header `countersign-workspace` names; null where nobody we know is. An Authorization header
 * decides alone: a request never falls back to the cookie beside it.
 *
 * @throws ApiError `not_found` where there is no such workspace, or none that the principal has a role in
 */
export async function findPrincipal(request: IncomingMessage, authenticator: Authenticator, cookies: SessionCookies): Promise<Principal | null> {
  const named = request.headers['countersign-workspace'];
  const workspace = typeof named === 'string' ? named : undefined;
  if (request.headers.authorization !== undefined) {
    const bearer = bearerOf(request);
    return bearer === null ? null : authenticator.byBearer(bearer, workspace);
  }
  const session = cookies.sessionOf(request.headers.cookie);
  return session === undefined ? null : authenticator.bySession(session, workspace);
}

/** The token of `Authorization: Bearer` (RFC 6750); null where there is no such header. */
export function bearerOf(request: IncomingMessage): string | null {
  const [, bearer] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return bearer ?? null;
}
