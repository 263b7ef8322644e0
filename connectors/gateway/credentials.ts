import { hash } from 'node:crypto';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { GuardedEgress } from '@countersign/platform/egress/egress.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { Call } from './call.ts';
import { connectorErrorOf } from './egress-failures.ts';
import type { CredentialValue, CredentialVault } from './ports.ts';

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

/** As long before its end as ServiceNow's own Ansible client renews one: a request under way must not outlive its token. */
const RENEW_BEFORE_MS = 60_000;
const TOKEN_TIMEOUT_MS = 30_000;
/** Tokens of rotated secrets stay behind under keys that nobody asks for any more. */
const MAX_TOKENS = 1_000;

export function createCredentialHeaders(vault: CredentialVault, clock: Clock): CredentialHeaders {
  const tokens = new Map<string, Token>();
  const underWay = new Map<string, Promise<Token>>();
  const kinds = new Map<string, CredentialValue['kind']>();

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
        case 'signed_jwt': throw unusable('A signed_jwt credential cannot be exchanged by this version.');
        case 'api_key': return { [credential.header.toLowerCase()]: credential.value };
        case 'oauth_client_credentials': {
          // Part of the key, because a rotated secret must not go on under the old token, nor one tenant under another's.
          const key = hash('sha256', JSON.stringify([tenant.id, call.instance.id, call.instance.baseUrl, credential.tokenPath, credential.clientId, credential.clientSecret]));
          const known = tokens.get(key);
          if (!fresh && known !== undefined && known.usableUntil > clock.now().getTime()) return bearer(known);
          return bearer(await askedTogether(key, () => fetchToken(egress, credential, clock)));
        }
      }
    },
    isRefreshable: (call) => kinds.get(`${call.request.identity.tenant.id}/${call.instance.id}`) === 'oauth_client_credentials',
  };
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
    throw unusable(`The credential ${call.instance.credentialId} of ${call.instance.name} could not be opened; store it again.`, cause);
  }
  if (!accepted.includes(credential.kind)) throw unusable(`${call.connector.manifest.name} takes no credential of kind ${credential.kind}; it takes ${accepted.join(', ')}.`);
  return credential;
}

/** OAuth 2.0 client credentials (RFC 6749, 4.4), form-encoded: ServiceNow answers JSON bodies with an unspecified error. */
async function fetchToken(egress: GuardedEgress, credential: Extract<CredentialValue, { kind: 'oauth_client_credentials' }>, clock: Clock): Promise<Token> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: credential.clientId, client_secret: credential.clientSecret }).toString();
  const asked_at = clock.now().getTime();
  const response = await egress.request({
    method: 'POST', path: credential.tokenPath, signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS),
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: Buffer.from(body, 'utf8'),
  }).catch((error: unknown) => {
    // A token that was made and lost harms nobody, so for the action itself nothing has happened.
    throw connectorErrorOf(error, false);
  });
  const granted = response.status === 200 ? grantIn(response.body) : null;
  if (granted !== null) return { value: granted.access_token, usableUntil: asked_at + granted.expires_in * 1_000 - RENEW_BEFORE_MS };
  if (response.status >= 500 || response.status === 429) {
    throw new ConnectorError({ code: 'peer_unavailable', effect: 'none', retryable: true, status: response.status, message: `The token endpoint answered ${response.status}.` });
  }
  throw new ConnectorError({ code: 'peer_unauthenticated', effect: 'none', retryable: false, status: response.status, message: `The token endpoint refused the client credentials (${response.status}); check client id, secret, token path and that the grant is enabled.` });
}

function grantIn(body: Uint8Array): { access_token: string; expires_in: number } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof value !== 'object' || value === null || !('access_token' in value) || typeof value.access_token !== 'string') return null;
    // RFC 6749 only recommends expires_in; a token of unknown life is used for the exchange at hand.
    const expires_in = 'expires_in' in value ? Number(value.expires_in) : 0;
    return { access_token: value.access_token, expires_in: Number.isFinite(expires_in) ? expires_in : 0 };
  } catch {
    return null;
  }
}

function bearer(token: Token): Record<string, string> {
  return { authorization: `Bearer ${token.value}` };
}

function unusable(message: string, cause?: unknown): ConnectorError {
  return new ConnectorError({ code: 'credential_unusable', effect: 'none', retryable: false, message, cause });
}
