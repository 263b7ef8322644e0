import type { CredentialValue, CredentialVault } from '@countersign/connectors/gateway/ports.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { SecretsError } from '@countersign/platform/secrets/errors.ts';
import type { Secrets } from '@countersign/platform/secrets/secrets.ts';
import { ExecutionError } from '../errors.ts';
import { readCredential } from './queries.ts';
import type { StoredCredential } from './queries.ts';

/** Credentials as the control plane stored them: the JSON of the API's `value`, sealed under the tenant's key or kept where the row says. */
export function postgresCredentialVault(database: Database, secrets: Secrets): CredentialVault {
  return {
    async borrow(tenantId, credentialId) {
      const row = await database.forTenant(tenantId, (tx) => readCredential(tx, tenantId, credentialId));
      if (row === undefined) throw new ExecutionError('credential_missing', `There is no credential ${credentialId}. Store it again and name it in the instance.`);
      return credentialOf(row, await opened(secrets, tenantId, row));
    },
  };
}

async function opened(secrets: Secrets, tenantId: string, row: StoredCredential): Promise<Record<string, unknown>> {
  try {
    return await secrets.open(tenantId, row, row.kind === 'bearer' ? 'token' : null);
  } catch (cause) {
    // One that does not answer is asked again, by whoever makes the call.
    if (!(cause instanceof SecretsError) || cause.code === 'secret_unreachable') throw cause;
    throw new ExecutionError('credential_unusable', `The credential ${row.id} cannot be opened: ${cause.message}`, { cause });
  }
}

function credentialOf({ id, kind, version }: StoredCredential, value: Record<string, unknown>): CredentialValue {
  const text = (field: string): string => {
    const found = value[field];
    if (typeof found !== 'string') throw new ExecutionError('credential_unusable', `The credential ${id} has no ${field}. Store it again with that field.`);
    return found;
  };
  switch (kind) {
    case 'basic': return { kind, username: text('username'), password: text('password') };
    case 'oauth_client_credentials': return { kind, clientId: text('client_id'), clientSecret: text('client_secret'), tokenPath: text('token_path') };
    case 'oauth_refresh_token': return { kind, id, version, clientId: text('client_id'), clientSecret: text('client_secret'), refreshToken: text('refresh_token'), tokenPath: text('token_path') };
    case 'api_key': return { kind, header: text('header'), value: text('value') };
    case 'bearer': return { kind, token: text('token') };
    case 'signed_jwt': return { kind, issuer: text('issuer'), privateKeyPem: text('private_key_pem'), tokenPath: text('token_path') };
    case 'client_certificate': return { kind, certificatePem: text('certificate_pem'), privateKeyPem: text('private_key_pem') };
    default: throw new ExecutionError('credential_unusable', `The credential ${id} is a ${kind}, which no call can use.`);
  }
}
