import type { ConnectionOptions } from '@countersign/platform/egress/connection-settings.ts';
import { ConnectorError } from '../sdk/errors.ts';
import type { Call } from './call.ts';
import type { CredentialValue, CredentialVault } from './ports.ts';
import { unopenedCredential } from './unopened-credential.ts';

/** How connections to the call's instance are made, with what the vault holds for them. @throws ConnectorError credential_unusable */
export async function borrowConnection(vault: CredentialVault, call: Call): Promise<ConnectionOptions> {
  const { caPem, proxyUrl, proxyCredentialId, proxyResolvesNames } = call.instance.connection;
  const clientCertificate = await borrowClientCertificate(vault, call);
  const credential = proxyUrl === null || proxyCredentialId === null ? undefined : await borrow(vault, call, proxyCredentialId, 'basic');
  return {
    ...(caPem === null ? {} : { caPem }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(proxyUrl === null ? {} : { proxy: { url: proxyUrl, credential, resolvesNames: proxyResolvesNames } }),
  };
}

/** Named by the connection, or the instance's own credential where the connector takes certificates. */
async function borrowClientCertificate(vault: CredentialVault, call: Call): Promise<ConnectionOptions['clientCertificate']> {
  const { connection, credentialId } = call.instance;
  if (connection.clientCertificateId !== null) return borrow(vault, call, connection.clientCertificateId, 'client_certificate');
  if (credentialId === null || !call.connector.manifest.credentials.includes('client_certificate')) return undefined;
  const credential = await opened(vault, call, credentialId);
  return credential.kind === 'client_certificate' ? credential : undefined;
}

async function borrow<Kind extends CredentialValue['kind']>(vault: CredentialVault, call: Call, credentialId: string, kind: Kind): Promise<Extract<CredentialValue, { kind: Kind }>> {
  const credential = await opened(vault, call, credentialId);
  if (credential.kind !== kind) throw unusable(`The connection of ${call.instance.name} names ${credentialId}, which is a credential of kind ${credential.kind} and not ${kind}.`);
  return credential as Extract<CredentialValue, { kind: Kind }>;
}

async function opened(vault: CredentialVault, call: Call, credentialId: string): Promise<CredentialValue> {
  try {
    return await vault.borrow(call.request.identity.tenant.id, credentialId);
  } catch (cause) {
    throw unopenedCredential(credentialId, call.instance.name, cause);
  }
}

function unusable(message: string): ConnectorError {
  return new ConnectorError({ code: 'credential_unusable', effect: 'none', retryable: false, message });
}
