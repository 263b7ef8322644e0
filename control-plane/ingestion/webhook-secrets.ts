import { ApiError } from '@countersign/platform/http/api-error.ts';
import { SecretsError } from '@countersign/platform/secrets/errors.ts';
import type { Secrets } from '@countersign/platform/secrets/secrets.ts';
import type { WebhookInstance } from './instance-cache.ts';

/**
 * Verifies with the secret that is in force and, where that does not fit, with the one before it while both may be used.
 *
 * @throws ApiError what `check` says of the secret in force, or `secret_unreachable`
 */
export async function verifyWithSecrets(instance: WebhookInstance, kind: 'webhook' | 'shared_secret', secrets: Secrets, check: (secret: string) => void): Promise<void> {
  try {
    check(await secretOf(instance, secrets, instance[`${kind}_credential_id`], instance[`${kind}_sealed`], instance[`${kind}_secret_ref`]));
  } catch (error) {
    const [sealed, reference] = [instance[`${kind}_previous_sealed`], instance[`${kind}_previous_secret_ref`]];
    if (sealed === null && reference === null) throw error;
    try {
      check(await secretOf(instance, secrets, instance[`${kind}_credential_id`], sealed, reference));
    } catch {
      throw error;
    }
  }
}

async function secretOf({ tenantId }: WebhookInstance, secrets: Secrets, id: string | null, sealed: Buffer | null, secret_ref: string | null): Promise<string> {
  try {
    const { secret } = await secrets.open(tenantId, { id: id ?? '', sealed, secret_ref }, 'secret');
    if (typeof secret === 'string') return secret;
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause;
    throw new ApiError('secret_unreachable', 'The secret that this webhook is verified with cannot be read now. Send it again later.', { cause });
  }
  throw new ApiError('secret_unreachable', 'The secret that this webhook is verified with cannot be read now. Send it again later.');
}
