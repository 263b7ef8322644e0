import type { CredentialValue, CredentialVault } from '@countersign/connectors/gateway/ports.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { ExecutionError } from '../errors.ts';
import { readCredential } from './queries.ts';

/** Credentials as the control plane sealed them: the JSON of the API's `value`, under the tenant's key, bound to the credential's id. */
export function postgresCredentialVault(database: Database, keys: Keys): CredentialVault {
  return {
    async borrow(tenantId, credentialId) {
      const row = await database.forTenant(tenantId, (tx) => readCredential(tx, tenantId, credentialId));
      if (row === undefined) throw new ExecutionError('credential_missing', `There is no credential ${credentialId}. Store it again and name it in the instance.`);
      const value = JSON.parse(Buffer.from(await keys.unseal(tenantId, 'credential', credentialId, row.sealed)).toString('utf8')) as Record<string, unknown>;
      return credentialOf(credentialId, row.kind, value);
    },
  };
}

function credentialOf(id: string, kind: string, value: Record<string, unknown>): CredentialValue {
  const text = (field: string): string => {
    const found = value[field];
    if (typeof found !== 'string') throw new ExecutionError('credential_unusable', `The credential ${id} has no ${field}. Store it again with that field.`);
    return found;
  };
  switch (kind) {
    case 'basic': return { kind, username: text('username'), password: text('password') };
    case 'oauth_client_credentials': return { kind, clientId: text('client_id'), clientSecret: text('client_secret'), tokenPath: text('token_path') };
    case 'api_key': return { kind, header: text('header'), value: text('value') };
    case 'bearer': return { kind, token: text('token') };
    case 'signed_jwt': return { kind, issuer: text('issuer'), privateKeyPem: text('private_key_pem'), tokenPath: text('token_path') };
    case 'client_certificate': return { kind, certificatePem: text('certificate_pem'), privateKeyPem: text('private_key_pem') };
    default: throw new ExecutionError('credential_unusable', `The credential ${id} is a ${kind}, which no call can use.`);
  }
}
