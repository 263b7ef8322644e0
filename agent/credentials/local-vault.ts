import type { CredentialValue, CredentialVault } from '@countersign/connectors/gateway/ports.ts';
import type { ConnectionConfig, SecretRef } from '../config/agent-config.ts';
import { SecretError } from './errors.ts';
import { resolveSecret } from './secret-ref.ts';
import type { Environment } from './secret-ref.ts';

/** A program that asks a password store is not run for every call. */
const KEPT_MS = 60_000;

interface Kept {
  readonly value: Promise<CredentialValue>;
  readonly until: number;
}

/** What a connection of the configuration may need by way of credentials, by the ids that its instance names them with. */
export const credentialIds = {
  own: (connection: string): string => connection,
  certificate: (connection: string): string => `${connection}#certificate`,
  proxy: (connection: string): string => `${connection}#proxy`,
};

/**
 * Credentials that never leave this machine: the gateway borrows them here by the name of the connection, and the cell knows none of it.
 *
 * @param now milliseconds, monotonic
 */
export function localVault(connections: readonly ConnectionConfig[], env: Environment, now: () => number): CredentialVault {
  const readers = new Map(connections.flatMap((connection) => readersOf(connection, (ref) => resolveSecret(ref, env))));
  const kept = new Map<string, Kept>();
  return {
    async borrow(_tenantId, credentialId) {
      const known = kept.get(credentialId);
      if (known !== undefined && known.until > now()) return known.value;
      const read = readers.get(credentialId);
      if (read === undefined) throw new SecretError('secret_missing', `The configuration has no credential for ${credentialId}.`);
      const value = read();
      kept.set(credentialId, { value, until: now() + KEPT_MS });
      // What could not be had is asked for again by the next call.
      value.catch(() => kept.delete(credentialId));
      return value;
    },
  };
}

type Reader = () => Promise<CredentialValue>;
type Resolve = (ref: SecretRef) => Promise<string>;

function readersOf({ name, credential, client_certificate, proxy }: ConnectionConfig, resolve: Resolve): Array<readonly [string, Reader]> {
  const own = readerOf(credential, resolve);
  return [
    ...(own === null ? [] : [[credentialIds.own(name), own] as const]),
    ...(client_certificate === undefined ? [] : [[credentialIds.certificate(name), async () => ({
      kind: 'client_certificate', certificatePem: await resolve(client_certificate.certificate), privateKeyPem: await resolve(client_certificate.private_key),
    })] as const satisfies readonly [string, Reader]]),
    ...(proxy?.username === undefined || proxy.password === undefined ? [] : [[credentialIds.proxy(name), basic(proxy.username, proxy.password, resolve)] as const]),
  ];
}

function readerOf(credential: ConnectionConfig['credential'], resolve: Resolve): Reader | null {
  switch (credential.kind) {
    case 'none': return null;
    case 'basic': return basic(credential.username, credential.password, resolve);
    case 'bearer': return async () => ({ kind: 'bearer', token: await resolve(credential.token) });
    case 'api_key': return async () => ({ kind: 'api_key', header: credential.header, value: await resolve(credential.value) });
    case 'oauth_client_credentials': return async () => ({
      kind: 'oauth_client_credentials', clientId: await resolve(credential.client_id), clientSecret: await resolve(credential.client_secret), tokenPath: credential.token_path,
    });
    case 'signed_jwt': return async () => ({ kind: 'signed_jwt', issuer: await resolve(credential.issuer), privateKeyPem: await resolve(credential.private_key), tokenPath: credential.token_path });
  }
}

function basic(username: SecretRef, password: SecretRef, resolve: Resolve): Reader {
  return async () => ({ kind: 'basic', username: await resolve(username), password: await resolve(password) });
}
