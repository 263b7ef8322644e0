import type { CredentialVault } from '@countersign/connectors/gateway/ports.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { SecretError } from './errors.ts';

/** `vault` as the gateway takes it: what is wrong with a secret is told by its place on this machine, so that whoever looks at the step knows what to mend. */
export function tellingVault(vault: CredentialVault): CredentialVault {
  return {
    borrow: (tenantId, credentialId) => vault.borrow(tenantId, credentialId).catch((error: unknown) => {
      throw error instanceof SecretError ? unusable(error) : error;
    }),
  };
}

/** A program may say more the next time; a file or a variable waits for a person. */
function unusable(cause: SecretError): ConnectorError {
  return new ConnectorError({ code: 'credential_unusable', effect: 'none', retryable: cause.code === 'secret_command_failed', message: `On the agent's machine: ${cause.message}`, cause });
}
