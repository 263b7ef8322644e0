import { GetSecretValueCommand, SecretsManagerClient, SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { FreshCache } from '../keys/fresh-cache.ts';
import { SecretsError } from './errors.ts';
import type { SecretSource } from './secrets.ts';
import type { AwsSecretsSettings } from './settings.ts';

/** A rotated secret is used within a minute; while AWS does not answer, the last value goes on for five. */
const REFRESH_MS = 60_000;
const EXPIRY_MS = 300_000;
const CONNECT_WITHIN_MS = 1_000;
const ANSWER_WITHIN_MS = 3_000;
const ATTEMPTS = 2;

/** Credentials are found by the SDK's own chain. A stand-in on this machine needs none. */
export function openAwsSecrets({ prefix, endpoint, region }: AwsSecretsSettings): AwsSecrets {
  return new AwsSecrets(prefix, new SecretsManagerClient({
    ...(endpoint === null ? {} : { endpoint }),
    ...(endpoint !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname) ? { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
    ...(region === null ? {} : { region }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, requestTimeout: ANSWER_WITHIN_MS, throwOnRequestTimeout: true },
  }));
}

/** Secrets `<prefix>/<tenant id>/<name>` of AWS Secrets Manager, in their version AWSCURRENT. */
export class AwsSecrets implements SecretSource {
  readonly #prefix: string;
  readonly #client: SecretsManagerClient;
  readonly #values: FreshCache<Uint8Array>;

  constructor(prefix: string, client: SecretsManagerClient, now: () => number = () => performance.now()) {
    this.#prefix = prefix;
    this.#client = client;
    this.#values = new FreshCache({ refresh_ms: REFRESH_MS, expiry_ms: EXPIRY_MS, max: 1_000, now });
  }

  async read(tenantId: string, name: string): Promise<Uint8Array> {
    const id = `${this.#prefix}/${tenantId}/${name}`;
    return this.#values.get(id, () => this.#ask(id));
  }

  async #ask(id: string): Promise<Uint8Array> {
    try {
      const { SecretString, SecretBinary } = await this.#client.send(new GetSecretValueCommand({ SecretId: id }));
      return SecretBinary ?? Buffer.from(SecretString ?? '');
    } catch (cause) {
      throw secretsErrorOf(id, cause as Error);
    }
  }
}

/** AWS says what is missing and whose right; never a value. */
function secretsErrorOf(id: string, cause: Error): SecretsError {
  const { name } = cause;
  if (name === 'ResourceNotFoundException') return new SecretsError('secret_missing', `Secrets Manager has no secret ${id}.`, { cause });
  const isTransient = !(cause instanceof SecretsManagerServiceException) || cause.$fault === 'server' || cause.$retryable !== undefined || /Throttling|LimitExceeded/.test(name);
  if (isTransient) return new SecretsError('secret_unreachable', `Secrets Manager did not give ${id} (${name}). It is tried again.`, { cause });
  return new SecretsError('secret_refused', `Secrets Manager refused to give ${id} (${name}). Look at the rights of this process and at the secret's state.`, { cause });
}
