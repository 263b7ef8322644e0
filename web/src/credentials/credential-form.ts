import type { Schemas } from '../api/client.ts';

export type Kind = Schemas['StoredCredentialKind'];

/** One member of a credential's value. `secret`: it is not shown while it is typed. */
export interface Member {
  readonly name: string;
  readonly label: string;
  readonly secret: boolean;
  /** A text of several lines. */
  readonly pem?: boolean;
}

const ID: Member = { name: 'client_id', label: 'Client id', secret: false };
const SECRET: Member = { name: 'client_secret', label: 'Client secret', secret: true };
const TOKEN_PATH: Member = { name: 'token_path', label: 'Path of the token endpoint', secret: false };
const PRIVATE_KEY: Member = { name: 'private_key_pem', label: 'Private key (PEM)', secret: true, pem: true };

/** What a credential of each kind is made of, as the API takes it; all of it is required. */
export const MEMBERS: Readonly<Record<Kind, readonly Member[]>> = {
  basic: [{ name: 'username', label: 'User name', secret: false }, { name: 'password', label: 'Password', secret: true }],
  oauth_client_credentials: [ID, SECRET, TOKEN_PATH],
  oauth_refresh_token: [ID, SECRET, { name: 'refresh_token', label: 'Refresh token', secret: true }, TOKEN_PATH],
  api_key: [{ name: 'header', label: 'Header that it is sent in', secret: false }, { name: 'value', label: 'Value', secret: true }],
  bearer: [{ name: 'token', label: 'Token', secret: true }],
  signed_jwt: [{ name: 'issuer', label: 'Issuer', secret: false }, PRIVATE_KEY, TOKEN_PATH],
  client_certificate: [{ name: 'certificate_pem', label: 'Certificate (PEM)', secret: false, pem: true }, PRIVATE_KEY],
  webhook_secret: [{ name: 'secret', label: 'Secret', secret: true }],
};

export const KINDS: ReadonlyArray<{ value: Kind; label: string }> = [
  { value: 'basic', label: 'user name and password' }, { value: 'oauth_client_credentials', label: 'OAuth client credentials' }, { value: 'oauth_refresh_token', label: 'OAuth refresh token' },
  { value: 'api_key', label: 'API key in a header' }, { value: 'bearer', label: 'bearer token' }, { value: 'signed_jwt', label: 'signed JWT' }, { value: 'client_certificate', label: 'client certificate' }, { value: 'webhook_secret', label: 'webhook secret' },
];

export function kindInWords(kind: Kind): string {
  return KINDS.find(({ value }) => value === kind)?.label ?? kind;
}

/** What a credential becomes, as it is typed: its members, or where they are kept instead. */
export interface Given {
  kept: 'here' | 'elsewhere';
  members: Readonly<Record<string, string>>;
  secretRef: string;
}

export const NOTHING_GIVEN: Given = { kept: 'here', members: {}, secretRef: '' };

/** The members of the body that say what it is: those of another kind, typed before, are left behind. */
export function givenOf(kind: Kind, { kept, members, secretRef }: Given): Pick<Schemas['NewCredential'], 'value' | 'secret_ref'> {
  if (kept === 'elsewhere') return { secret_ref: secretRef.trim() };
  return { value: Object.fromEntries(MEMBERS[kind].map(({ name, pem, secret }) => [name, pem === true || secret ? members[name] ?? '' : (members[name] ?? '').trim()])) };
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const REFERENCE = /^(aws-sm|env|file):[^#]+(#[A-Za-z0-9_.-]{1,100})?$/;
/** Standard Webhooks takes no fewer than 24 bytes. */
const MIN_SECRET_LETTERS = 32;

export function wrongWithName(name: string): string | null {
  return NAME.test(name) ? null : 'A name is of small letters, digits and hyphens, and begins with a letter.';
}

/** The first thing that the server would refuse, in words. */
export function wrongWith(kind: Kind, { kept, members, secretRef }: Given): string | null {
  if (kept === 'elsewhere') return REFERENCE.test(secretRef.trim()) ? null : 'A reference is aws-sm:NAME, env:NAME or file:NAME, with #MEMBER behind it for one member of a JSON object.';
  const missing = MEMBERS[kind].find(({ name }) => (members[name] ?? '').trim() === '');
  if (missing !== undefined) return `Fill in: ${missing.label}.`;
  return kind === 'webhook_secret' && (members['secret'] ?? '').replace(/^whsec_/, '').length < MIN_SECRET_LETTERS ? 'Use at least 24 random bytes in base64: openssl rand -base64 32 gives 32.' : null;
}
