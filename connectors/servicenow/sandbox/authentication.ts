/** Who is calling: basic, bearer token, API key or client certificate, as ServiceNow takes them. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Accounts } from './accounts.ts';
import { TableApiError } from './errors.ts';
import type { OauthTokens } from './oauth.ts';
import type { Principal } from './principals.ts';
import type { SandboxRequest } from './requests.ts';

/**
 * The caller of a REST request. `certificateUser`: whom the connection's client certificate names. It counts where the headers sign nobody
 * in: the `servicenow.itsm` collection, tested against real instances, sends a password of nobody's beside its certificate.
 * Throws 401 with the documented body where there is none.
 */
export function authenticate({ headers, certificateUser }: Pick<SandboxRequest, 'headers' | 'certificateUser'>, accounts: Accounts, tokens: OauthTokens): Principal {
  const principal = principalOf(headers, accounts, tokens) ?? (certificateUser === undefined ? undefined : accounts.byUserName(certificateUser));
  if (principal === undefined) throw notAuthenticated();
  return principal;
}

/** 401. Source: ServiceNow documentation, sample of `add-OIDC-entity`. */
export function notAuthenticated(): TableApiError {
  return new TableApiError(401, 'User Not Authenticated', 'Required to provide Auth information', { 'www-authenticate': 'BASIC realm="Service-now"' });
}

/** The user name and password of a basic header, or undefined where it is not one. */
export function basicCredentials(authorization: string | undefined): [user: string, password: string] | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : [decoded.slice(0, colon), decoded.slice(colon + 1)];
}

function principalOf(headers: IncomingHttpHeaders, accounts: Accounts, tokens: OauthTokens): Principal | undefined {
  const apiKey = headers['x-sn-apikey'];
  if (typeof apiKey === 'string') return accounts.byApiKey(apiKey);
  const basic = basicCredentials(headers.authorization);
  if (basic !== undefined) return accounts.byPassword(...basic);
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return bearer === undefined ? undefined : tokens.principalOf(bearer);
}
