import { hash } from 'node:crypto';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { GuardedEgress } from '@countersign/platform/egress/egress.ts';
import type { GuardedResponse } from '@countersign/platform/egress/limits.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { Call } from './call.ts';
import { connectorErrorOf } from './egress-failures.ts';
import type { CredentialValue, CredentialVault, RefreshAnswer, RefreshedTokens } from './ports.ts';
import { signedJwt } from './signed-jwt.ts';
import type { SignedJwtCredential } from './signed-jwt.ts';
import { unopenedCredential } from './unopened-credential.ts';

/** Turns an instance's credential into the headers of one request. Values are borrowed for that and dropped. */
export interface CredentialHeaders {
  /** @param fresh after a 401: a token is fetched again. @throws ConnectorError credential_unusable, peer_unauthenticated, peer_unavailable */
  headersFor(call: Call, egress: GuardedEgress, fresh: boolean): Promise<Record<string, string>>;
  /** Whether a 401 may come from a token that ended early, so that asking for another can help. */
  isRefreshable(call: Call): boolean;
}

interface Token {
  readonly value: string;
  readonly usableUntil: number;
}

/** A request under way must not outlive its token. */
const RENEW_BEFORE_MS = 60_000;
const TOKEN_TIMEOUT_MS = 30_000;
/** Tokens of rotated secrets stay behind under keys that nobody asks for any more. */
const MAX_TOKENS = 1_000;

export function createCredentialHeaders(vault: CredentialVault, clock: Clock, refreshed: RefreshedTokens | null): CredentialHeaders {
  const tokens = new Map<string, Token>();
  const underWay = new Map<string, Promise<Token>>();
  const kinds = new Map<string, CredentialValue['kind']>();

  /** The token for `key`: a known one while it lasts, else (or where `fresh` is asked for) another one. */
  const tokenFor = async (key: string, fresh: boolean, ask: () => Promise<Token>): Promise<Token> => {
    const known = tokens.get(key);
    return !fresh && known !== undefined && known.usableUntil > clock.now().getTime() ? known : askedTogether(key, ask);
  };

  /** Calls that need a token at the same moment ask for one together; it outlives the call that happened to ask first. */
  const askedTogether = async (key: string, ask: () => Promise<Token>): Promise<Token> => {
    const asking = underWay.get(key) ?? ask().finally(() => underWay.delete(key));
    underWay.set(key, asking);
    const token = await asking;
    if (tokens.size >= MAX_TOKENS) tokens.clear();
    tokens.set(key, token);
    return token;
  };

  return {
    async headersFor(call, egress, fresh) {
      const credential = await borrow(vault, call);
      if (credential === null) return {};
      const { tenant } = call.request.identity;
      kinds.set(`${tenant.id}/${call.instance.id}`, credential.kind);
      switch (credential.kind) {
        case 'basic': return { authorization: `Basic ${Buffer.from(`${credential.username}:${credential.password}`, 'utf8').toString('base64')}` };
        case 'bearer': return { authorization: `Bearer ${credential.token}` };
        // Presented in the handshake, not in a header.
        case 'client_certificate': return {};
        case 'signed_jwt': {
          const key = tokenKey(call, credential.tokenPath, credential.issuer, credential.privateKeyPem);
          return bearer(await tokenFor(key, fresh, () => exchangeSignedJwt(egress, credential, clock)));
        }
        case 'api_key': return { [credential.header.toLowerCase()]: credential.value };
        case 'oauth_client_credentials': {
          const key = tokenKey(call, credential.tokenPath, credential.clientId, credential.clientSecret);
          return bearer(await tokenFor(key, fresh, () => fetchToken(egress, credential, clock)));
        }
        case 'oauth_refresh_token': {
          const key = tokenKey(call, credential.id, String(credential.version), credential.clientSecret);
          return bearer(await tokenFor(key, fresh, () => refreshedToken(refreshed, tenant.id, egress, credential, fresh)));
        }
      }
    },
    isRefreshable: (call) => {
      const kind = kinds.get(`${call.request.identity.tenant.id}/${call.instance.id}`);
      return kind !== undefined && TOKEN_KINDS.has(kind);
    },
  };
}

/** The kinds that are exchanged for a token, which may end earlier than it said. */
const TOKEN_KINDS: ReadonlySet<CredentialValue['kind']> = new Set(['oauth_client_credentials', 'oauth_refresh_token', 'signed_jwt']);

/** All that a token was made from, because a rotated secret must not go on under the old token, nor one tenant under another's. */
function tokenKey({ request, instance }: Call, ...secret: readonly string[]): string {
  return hash('sha256', JSON.stringify([request.identity.tenant.id, instance.id, instance.baseUrl, ...secret]));
}

async function borrow(vault: CredentialVault, call: Call): Promise<CredentialValue | null> {
  const accepted = call.connector.manifest.credentials;
  if (call.instance.credentialId === null) {
    if (accepted.includes('none')) return null;
    throw unusable(`The instance ${call.instance.name} has no credential; ${call.connector.manifest.name} takes ${accepted.join(', ')}.`);
  }
  let credential: CredentialValue;
  try {
    credential = await vault.borrow(call.request.identity.tenant.id, call.instance.credentialId);
  } catch (cause) {
    throw unopenedCredential(call.instance.credentialId, call.instance.name, cause);
  }
  if (!accepted.includes(credential.kind)) throw unusable(`${call.connector.manifest.name} takes no credential of kind ${credential.kind}; it takes ${accepted.join(', ')}.`);
  return credential;
}

/** OAuth 2.0 client credentials (RFC 6749, 4.4), form-encoded as the standard has it: some peers answer JSON bodies with an unspecified error. */
async function fetchToken(egress: GuardedEgress, credential: Extract<CredentialValue, { kind: 'oauth_client_credentials' }>, clock: Clock): Promise<Token> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: credential.clientId, client_secret: credential.clientSecret }).toString();
  const asked_at = clock.now().getTime();
  const response = await askForToken(egress, credential.tokenPath, { 'content-type': 'application/x-www-form-urlencoded' }, body);
  const granted = response.status === 200 ? grantIn(response.body) : null;
  if (granted !== null) return { value: granted.access_token, usableUntil: asked_at + granted.expires_in * 1_000 - RENEW_BEFORE_MS };
  throw refusedBy(response.status, 'refused the client credentials', 'check client id, secret, token path and that the grant is enabled');
}

/** OAuth 2.0 refresh token (RFC 6749, 6), asked for by one process at a time. */
async function refreshedToken(
  refreshed: RefreshedTokens | null, tenantId: string, egress: GuardedEgress, credential: Extract<CredentialValue, { kind: 'oauth_refresh_token' }>, fresh: boolean,
): Promise<Token> {
  if (refreshed === null) throw unusable('Refresh tokens are not kept here; use another kind of credential.');
  try {
    const { value, expires_at } = await refreshed.accessToken(tenantId, credential, fresh, (refreshToken) => refresh(egress, credential, refreshToken));
    return { value, usableUntil: expires_at.getTime() - RENEW_BEFORE_MS };
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    throw new ConnectorError({ code: 'peer_unavailable', effect: 'none', retryable: true, message: `No token could be had with the credential ${credential.id}: ${(error as Error).message}`, cause: error });
  }
}

async function refresh(egress: GuardedEgress, credential: Extract<CredentialValue, { kind: 'oauth_refresh_token' }>, refreshToken: string): Promise<RefreshAnswer> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: credential.clientId, client_secret: credential.clientSecret }).toString();
  const response = await askForToken(egress, credential.tokenPath, { 'content-type': 'application/x-www-form-urlencoded' }, body);
  const granted = response.status === 200 ? grantIn(response.body) : null;
  if (granted !== null) return { accessToken: granted.access_token, expires_in_s: granted.expires_in, refreshToken: granted.refresh_token };
  throw refusedBy(response.status, 'refused the refresh token', 'authorise again and store the credential with the refresh token that you get');
}

/** A short-lived token of our own making for an access token, answered as `{token, expires_at}` (RFC 3339). */
async function exchangeSignedJwt(egress: GuardedEgress, credential: SignedJwtCredential, clock: Clock): Promise<Token> {
  let jwt: string;
  try {
    jwt = signedJwt(credential, clock.now());
  } catch {
    throw unusable('The private_key_pem of the signed_jwt credential is no RSA private key in PEM; store the credential again with the whole key file.');
  }
  const response = await askForToken(egress, credential.tokenPath, { authorization: `Bearer ${jwt}` }, '');
  const granted = response.status === 200 || response.status === 201 ? exchangedIn(response.body) : null;
  if (granted !== null) return { value: granted.token, usableUntil: granted.ends_at - RENEW_BEFORE_MS };
  throw refusedBy(response.status, 'refused the signed token', 'check issuer, private key and token path, and that the clock of this machine is right');
}

async function askForToken(egress: GuardedEgress, path: string, headers: Readonly<Record<string, string>>, body: string): Promise<GuardedResponse> {
  try {
    return await egress.request({
      method: 'POST', path, signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS), headers: { accept: 'application/json', ...headers }, body: Buffer.from(body, 'utf8'),
    });
  } catch (error) {
    // A token that was made and lost harms nobody, so for the action itself nothing has happened.
    throw connectorErrorOf(error, false);
  }
}

function refusedBy(status: number, what: string, fix: string): ConnectorError {
  if (status >= 500 || status === 429) {
    return new ConnectorError({ code: 'peer_unavailable', effect: 'none', retryable: true, status, message: `The token endpoint answered ${status}.` });
  }
  return new ConnectorError({ code: 'peer_unauthenticated', effect: 'none', retryable: false, status, message: `The token endpoint ${what} (${status}); ${fix}.` });
}

/** A token of unknown life is used for the exchange at hand. */
function exchangedIn(body: Uint8Array): { readonly token: string; readonly ends_at: number } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof value !== 'object' || value === null || !('token' in value) || typeof value.token !== 'string' || value.token === '') return null;
    const ends_at = 'expires_at' in value && typeof value.expires_at === 'string' ? Date.parse(value.expires_at) : 0;
    return { token: value.token, ends_at: Number.isFinite(ends_at) ? ends_at : 0 };
  } catch {
    return null;
  }
}

function grantIn(body: Uint8Array): { access_token: string; expires_in: number; refresh_token: string | null } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof value !== 'object' || value === null || !('access_token' in value) || typeof value.access_token !== 'string') return null;
    // RFC 6749 only recommends expires_in; a token of unknown life is used for the exchange at hand.
    const expires_in = 'expires_in' in value ? Number(value.expires_in) : 0;
    const refresh_token = 'refresh_token' in value && typeof value.refresh_token === 'string' && value.refresh_token !== '' ? value.refresh_token : null;
    return { access_token: value.access_token, expires_in: Number.isFinite(expires_in) ? expires_in : 0, refresh_token };
  } catch {
    return null;
  }
}

function bearer(token: Token): Record<string, string> {
  return { authorization: `Bearer ${token.value}` };
}

function unusable(message: string): ConnectorError {
  return new ConnectorError({ code: 'credential_unusable', effect: 'none', retryable: false, message });
}
