import type { Schemas } from '../api/client.ts';

type Provider = Schemas['IdentityProvider'];
type Change = Schemas['IdentityProviderChange'];

export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const satisfies ReadonlyArray<NonNullable<Change['algorithm']>>;

/** What is said of a provider, as it is typed: lists are separated by commas, spaces or lines. */
export interface ProviderForm {
  name: string;
  /** Of a new one only: whoever is linked to a subject there must not become somebody else. */
  issuer: string;
  clientId: string;
  /** Empty: a new one has none, and one that is there keeps its own. */
  clientSecret: string;
  scopes: string;
  algorithm: string;
  mfaAcrValues: string;
  emailDomains: string;
  provisioning: Provider['provisioning'];
  /** Empty: groups are not read. */
  groupsClaim: string;
}

export const NEW_PROVIDER: ProviderForm = {
  name: '', issuer: '', clientId: '', clientSecret: '', scopes: 'openid email profile', algorithm: 'RS256', mfaAcrValues: '', emailDomains: '', provisioning: 'invited', groupsClaim: '',
};

export function formOf({ name, issuer, client_id, scopes, algorithm, mfa_acr_values, allowed_email_domains, provisioning, groups_claim }: Provider): ProviderForm {
  return {
    name, issuer, clientId: client_id, clientSecret: '', scopes: scopes.join(' '), algorithm, mfaAcrValues: mfa_acr_values.join('\n'), emailDomains: allowed_email_domains.join('\n'), provisioning, groupsClaim: groups_claim ?? '',
  };
}

/** The body that makes a provider. */
export function newProviderOf(form: ProviderForm): Schemas['NewIdentityProvider'] {
  return { ...settingsOf(form), name: form.name.trim(), issuer: form.issuer.trim(), client_id: form.clientId.trim(), ...(form.clientSecret === '' ? {} : { client_secret: form.clientSecret }) };
}

/** The body that changes one: the secret only where another is typed, or where it is to have none. */
export function changeOf(form: ProviderForm, { dropSecret }: { dropSecret: boolean }): Change {
  return { ...settingsOf(form), name: form.name.trim(), ...(dropSecret ? { client_secret: null } : form.clientSecret === '' ? {} : { client_secret: form.clientSecret }) };
}

/** The first thing that the server would refuse, in words; null when it can be sent. */
export function wrongWith({ name, issuer, clientId, emailDomains, provisioning, scopes }: ProviderForm): string | null {
  if (name.trim() === '') return 'Give it a name: people see it on the sign-in page.';
  if (!URL.canParse(issuer.trim())) return 'The issuer is an address, as its ID tokens say it: https://login.example.com.';
  if (clientId.trim() === '') return 'Write the client id that the provider gave you.';
  if (provisioning === 'just_in_time' && listOf(emailDomains).length === 0) return 'Name the e-mail domains of which everybody may come in.';
  const domain = listOf(emailDomains).find((one) => one.includes('@'));
  if (domain !== undefined) return `${domain} is no domain: write what stands behind the @, such as acme.example.`;
  return wordsOf(scopes).length > 20 ? 'Twenty scopes at most.' : null;
}

function settingsOf({ scopes, algorithm, mfaAcrValues, emailDomains, provisioning, groupsClaim }: ProviderForm): Change {
  const known = ALGORITHMS.find((one) => one === algorithm);
  return {
    scopes: wordsOf(scopes), ...(known === undefined ? {} : { algorithm: known }), mfa_acr_values: linesOf(mfaAcrValues), allowed_email_domains: listOf(emailDomains), provisioning,
    groups_claim: groupsClaim.trim() === '' ? null : groupsClaim.trim(),
  };
}

function wordsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))];
}

/** A value of `acr` may be an address or hold a comma: one a line. */
function linesOf(text: string): string[] {
  return [...new Set(text.split('\n').map((line) => line.trim()).filter((line) => line !== ''))];
}

function listOf(text: string): string[] {
  return wordsOf(text.toLowerCase());
}
