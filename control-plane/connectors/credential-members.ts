import type { CredentialKind } from '@countersign/contracts/connectors/manifest.ts';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';

export type StoredKind = Exclude<CredentialKind, 'none'> | 'webhook_secret';

/** What a credential of each kind holds. Every member is text and is required. */
const MEMBERS: Readonly<Record<StoredKind, readonly string[]>> = {
  basic: ['username', 'password'],
  oauth_client_credentials: ['client_id', 'client_secret', 'token_path'],
  oauth_refresh_token: ['client_id', 'client_secret', 'refresh_token', 'token_path'],
  api_key: ['header', 'value'],
  bearer: ['token'],
  signed_jwt: ['issuer', 'private_key_pem', 'token_path'],
  client_certificate: ['certificate_pem', 'private_key_pem'],
  webhook_secret: ['secret'],
};
/** 24 bytes are the least that Standard Webhooks takes; in base64 they are 32 characters. */
const MIN_SECRET_CHARACTERS = 32;

/** The member that a bare text stands for; null for kinds of several. */
export function onlyMemberOf(kind: StoredKind): string | null {
  const [first, ...more] = MEMBERS[kind];
  return first !== undefined && more.length === 0 ? first : null;
}

/** Names what is missing; never quotes a value. */
export function problemsOf(kind: StoredKind, value: Readonly<Record<string, unknown>>): FieldProblem[] {
  const members = MEMBERS[kind];
  const unknown = Object.keys(value).filter((name) => !members.includes(name))
    .map((name) => ({ field: `/value/${name}`, code: 'unknown_field', message: `A ${kind} credential has ${members.join(', ')}.` }));
  const missing = members.filter((name) => typeof value[name] !== 'string' || value[name] === '')
    .map((name) => ({ field: `/value/${name}`, code: 'required', message: 'This text is required.' }));
  if (unknown.length > 0 || missing.length > 0) return [...unknown, ...missing];
  if (kind === 'webhook_secret' && String(value['secret']).replace(/^whsec_/, '').length < MIN_SECRET_CHARACTERS) {
    return [{ field: '/value/secret', code: 'too_short', message: 'Use at least 24 random bytes in base64, such as `openssl rand -base64 32` gives.' }];
  }
  return [];
}
