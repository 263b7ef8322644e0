import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Secrets that we hand out. Each names its tenant, so that it is looked up under row-level security, and carries 256 random bits;
 * only their SHA-256 is stored (a slow hash protects guessable secrets, which these are not).
 */
const TENANT = 'ten_[0-7][0-9a-hjkmnp-tv-z]{25}';
const SECRET = '[A-Za-z0-9_-]{43}';
const LINK = new RegExp(`^cs_link_(${TENANT})_(${SECRET})$`);
const API_KEY = new RegExp(`^cs_key_(${TENANT})_(key_[0-7][0-9a-hjkmnp-tv-z]{25})_(${SECRET})$`);
const ACCESS_TOKEN = new RegExp(`^cs_tok_(${TENANT})_(tok_[0-7][0-9a-hjkmnp-tv-z]{25})_(${SECRET})$`);
const CLIENT_SECRET = new RegExp(`^cs_sec_(${TENANT})_(ocl_[0-7][0-9a-hjkmnp-tv-z]{25})_(${SECRET})$`);
const KEYED_CLIENT = new RegExp(`^(${TENANT})\\.(ocl_[0-7][0-9a-hjkmnp-tv-z]{25})$`);
const SESSION = new RegExp(`^(${TENANT})\\.(ses_[0-7][0-9a-hjkmnp-tv-z]{25})\\.(${SECRET})$`);

/** What a token names and the SHA-256 (hex) of its secret part. */
export interface ParsedToken {
  readonly tenantId: string;
  /** Id of the session, key, token or client; empty for links, which are found by their digest. */
  readonly id: string;
  readonly secretSha256: string;
}

/** A client that signs in the place of showing a secret: its assertions name its tenant, too. */
export interface KeyedClient {
  readonly tenantId: string;
  readonly id: string;
}

export function newSecret(): { readonly secret: string; readonly sha256: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, sha256: hash('sha256', secret, 'hex') };
}

export function linkToken(tenantId: string, secret: string): string {
  return `cs_link_${tenantId}_${secret}`;
}

export function apiKeyToken(tenantId: string, keyId: string, secret: string): string {
  return `cs_key_${tenantId}_${keyId}_${secret}`;
}

export function accessToken(tenantId: string, tokenId: string, secret: string): string {
  return `cs_tok_${tenantId}_${tokenId}_${secret}`;
}

export function clientSecret(tenantId: string, clientId: string, secret: string): string {
  return `cs_sec_${tenantId}_${clientId}_${secret}`;
}

export function keyedClientId({ tenantId, id }: KeyedClient): string {
  return `${tenantId}.${id}`;
}

export function parseKeyedClientId(text: string): KeyedClient | null {
  const [, tenantId, id] = KEYED_CLIENT.exec(text) ?? [];
  return tenantId === undefined || id === undefined ? null : { tenantId, id };
}

export function sessionToken(tenantId: string, sessionId: string, secret: string): string {
  return `${tenantId}.${sessionId}.${secret}`;
}

export function parseLinkToken(token: string): ParsedToken | null {
  const [, tenantId, secret] = LINK.exec(token) ?? [];
  return tenantId === undefined || secret === undefined ? null : { tenantId, id: '', secretSha256: hash('sha256', secret, 'hex') };
}

export function parseApiKey(token: string): ParsedToken | null {
  return parsed(API_KEY.exec(token));
}

export function parseAccessToken(token: string): ParsedToken | null {
  return parsed(ACCESS_TOKEN.exec(token));
}

export function parseClientSecret(token: string): ParsedToken | null {
  return parsed(CLIENT_SECRET.exec(token));
}

export function parseSessionToken(token: string): ParsedToken | null {
  return parsed(SESSION.exec(token));
}

/** Compares two SHA-256 digests in hex without telling by its time where they differ. */
export function sameDigest(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  return left.length === right.length && timingSafeEqual(left, right);
}

function parsed(match: RegExpExecArray | null): ParsedToken | null {
  const [, tenantId, id, secret] = match ?? [];
  return tenantId === undefined || id === undefined || secret === undefined ? null : { tenantId, id, secretSha256: hash('sha256', secret, 'hex') };
}
