import { SecretsError } from '@countersign/platform/secrets/errors.ts';
import { ConnectorError } from '../sdk/errors.ts';

/** A credential that the vault did not give: nothing was sent. Where only its store, or the root key, does not answer, the call is tried again. */
export function unopenedCredential(credentialId: string, instance: string, cause: unknown): ConnectorError {
  // A vault that knows better what is to be mended.
  if (cause instanceof ConnectorError) return cause;
  const isAway = cause instanceof SecretsError && cause.code === 'secret_unreachable';
  const message = isAway ? `The credential ${credentialId} of ${instance} cannot be opened at the moment: its store does not answer.` : `The credential ${credentialId} of ${instance} could not be opened; store it again.`;
  return new ConnectorError({ code: 'credential_unusable', effect: 'none', retryable: isAway, message, cause });
}
