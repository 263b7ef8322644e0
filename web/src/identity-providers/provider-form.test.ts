import { expect, it } from 'vitest';
import { changeOf, formOf, NEW_PROVIDER, newProviderOf, wrongWith, type ProviderForm } from './provider-form.ts';

const FILLED: ProviderForm = { ...NEW_PROVIDER, name: ' Acme Entra ', issuer: 'https://login.example.com', clientId: 'countersign', clientSecret: 's3cret', mfaAcrValues: 'urn:mfa, strong\n urn:mfa, strong \nurn:phr', emailDomains: 'Acme.example, acme.test acme.test', groupsClaim: ' groups ' };

it('makes the body of a new provider, whose lists hold each thing once', () => {
  expect(newProviderOf(FILLED)).toEqual({
    name: 'Acme Entra', issuer: 'https://login.example.com', client_id: 'countersign', client_secret: 's3cret', scopes: ['openid', 'email', 'profile'], algorithm: 'RS256',
    mfa_acr_values: ['urn:mfa, strong', 'urn:phr'], allowed_email_domains: ['acme.example', 'acme.test'], provisioning: 'invited', groups_claim: 'groups',
  });
});

it('a public client has no secret, and who reads no groups names no claim', () => {
  const body = newProviderOf({ ...FILLED, clientSecret: '', groupsClaim: ' ' });
  expect(body).not.toHaveProperty('client_secret');
  expect(body.groups_claim).toBeNull();
});

it('a change names neither issuer nor client, and the secret only where it becomes another or none', () => {
  const kept = changeOf({ ...FILLED, clientSecret: '' }, { dropSecret: false });
  for (const member of ['issuer', 'client_id', 'client_secret']) expect(kept).not.toHaveProperty(member);
  expect(changeOf(FILLED, { dropSecret: false })).toMatchObject({ client_secret: 's3cret' });
  expect(changeOf(FILLED, { dropSecret: true })).toMatchObject({ client_secret: null });
});

it('what was read comes back as it was, but for the secret, which nobody can read', () => {
  const provider = { ...newProviderOf(FILLED), name: 'Acme Entra', id: 'idp_1', redirect_uri: 'https://cell.example/callback/idp_1', has_client_secret: true, scopes: ['openid'], algorithm: 'ES256', mfa_acr_values: ['a', 'b'], allowed_email_domains: ['acme.example'], provisioning: 'invited' as const, groups_claim: null, enabled: true, version: 3, created_at: '2026-11-21T00:00:00Z' };
  const form = formOf(provider);
  expect(form.clientSecret).toBe('');
  expect(changeOf(form, { dropSecret: false })).toEqual({ name: 'Acme Entra', scopes: ['openid'], algorithm: 'ES256', mfa_acr_values: ['a', 'b'], allowed_email_domains: ['acme.example'], provisioning: 'invited', groups_claim: null });
});

it.each<[Partial<ProviderForm>, string | null]>([
  [{}, null], [{ name: ' ' }, 'Give it a name'], [{ issuer: 'login' }, 'The issuer is an address'], [{ clientId: '' }, 'Write the client id'],
  [{ provisioning: 'just_in_time', emailDomains: '' }, 'Name the e-mail domains'], [{ emailDomains: 'alex@acme.example' }, 'alex@acme.example is no domain'], [{ scopes: Array.from({ length: 21 }, (_, nth) => `s${nth}`).join(' ') }, 'Twenty scopes'],
])('what is wrong with %j is said: %s', (part, said) => {
  const wrong = wrongWith({ ...FILLED, ...part });
  if (said === null) expect(wrong).toBeNull();
  else expect(wrong).toContain(said);
});
