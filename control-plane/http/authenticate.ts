import type { IncomingMessage } from 'node:http';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { PERMISSIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId } from '@countersign/contracts/openapi/permissions.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import type { Principal } from '../identity/principal.ts';
import { cookieOf, SESSION_COOKIE } from './cookies.ts';
import { refuseForeignOrigin } from './csrf.ts';

/**
 * Who is asking, if they may do this. An Authorization header decides alone: a request never falls back to the cookie beside it.
 *
 * @throws ApiError `unauthenticated`, `csrf_refused`, `forbidden`
 */
export async function authenticate(request: IncomingMessage, operation: OperationId, authenticator: Authenticator, publicUrl: string): Promise<Principal | null> {
  const permission = PERMISSIONS[operation];
  if (permission === 'public') return null;
  const principal = await findPrincipal(request, authenticator);
  if (principal === null) throw new ApiError('unauthenticated', 'Sign in, or send a valid API key.', { headers: { 'www-authenticate': 'Bearer' } });
  if (principal.via.kind === 'session') refuseForeignOrigin(request, publicUrl);
  if (permission !== 'signed_in' && !permission.some((role) => principal.roles.includes(role))) {
    throw new ApiError('forbidden', `This needs one of the roles: ${permission.join(', ')}.`);
  }
  return principal;
}

async function findPrincipal(request: IncomingMessage, authenticator: Authenticator): Promise<Principal | null> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [, bearer] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    return bearer === undefined ? null : authenticator.byApiKey(bearer);
  }
  const cookie = cookieOf(request.headers.cookie, SESSION_COOKIE);
  return cookie === undefined ? null : authenticator.bySession(cookie);
}
