import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { idOf } from './ids.ts';

type Provider = components['schemas']['IdentityProvider'];

const DAY_MS = 86_400_000;

/** One that people use, and one that was switched off. */
export function identityProviders(): Provider[] {
  return [
    providerOf('entra', { name: 'Acme Entra', issuer: 'https://login.microsoftonline.com/7f3c2a10-90aa-4b8e-a1a7-0d2f5d6f9b11/v2.0', client_id: '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0', groups_claim: 'groups', mfa_acr_values: ['http://schemas.openid.net/pape/policies/2007/06/multi-factor'], allowed_email_domains: ['acme.example', 'acme.test'], provisioning: 'just_in_time' }),
    providerOf('old', { name: 'Okta before the move', issuer: 'https://acme.okta.example', client_id: 'countersign', has_client_secret: false, enabled: false }),
  ];
}

export function providerOf(key: string, more: Partial<Provider>): Provider {
  const id = idOf('identity_provider', key);
  return {
    id, name: key, issuer: 'https://login.example.com', client_id: key, redirect_uri: `https://countersign.acme.example/api/v1/sign-in/oidc/callback/${id}`, has_client_secret: true, scopes: ['openid', 'email', 'profile'], algorithm: 'RS256', mfa_acr_values: [],
    allowed_email_domains: [], provisioning: 'invited', groups_claim: null, enabled: true, version: 1, created_at: new Date(Date.now() - 40 * DAY_MS).toISOString(), ...more,
  };
}
