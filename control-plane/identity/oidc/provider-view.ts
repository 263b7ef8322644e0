import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { ProviderRow } from './queries.ts';

/** Where a provider sends browsers back to: to be registered at it, for it alone. */
export function redirectUriOf(publicUrl: string, providerId: string): string {
  return `${publicUrl}/api/v1/sign-in/oidc/callback/${providerId}`;
}

/** Everything but the secret, which is never answered. */
export function providerView(row: ProviderRow, publicUrl: string): components['schemas']['IdentityProvider'] {
  return {
    id: row.id, name: row.name, issuer: row.issuer, client_id: row.client_id, redirect_uri: redirectUriOf(publicUrl, row.id), has_client_secret: row.client_secret_sealed !== null,
    scopes: row.scopes, algorithm: row.algorithm, mfa_acr_values: row.mfa_acr_values, allowed_email_domains: row.allowed_email_domains,
    provisioning: row.provisioning, groups_claim: row.groups_claim, enabled: row.enabled, version: row.version, created_at: row.created_at.toISOString(),
  };
}
