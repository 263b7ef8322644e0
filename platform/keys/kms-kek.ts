import { DecryptCommand, EncryptCommand, KMSClient, KMSServiceException } from '@aws-sdk/client-kms';
import type { Kek, WrapContext } from './kek.ts';
import { KeysError } from './keys.ts';
import type { RootKeySettings } from './settings.ts';

const CONNECT_WITHIN_MS = 1_000;
const ANSWER_WITHIN_MS = 3_000;
/** Tried again by the SDK where it may help, then left to whoever asked. */
const ATTEMPTS = 2;
/** An alias may lead to another key tomorrow; the ARN of a key does not. */
const KEY_ARN = /^arn:[\w-]+:kms:[\w-]+:\d+:key\//;

type KmsSettings = Omit<Extract<RootKeySettings, { kind: 'aws-kms' }>, 'kind'>;

export function openKmsKek(settings: KmsSettings): KmsKek {
  return new KmsKek(settings.keyId, kmsClient(settings));
}

/** Credentials are found by the SDK's own chain (role of the machine, environment, profile). A stand-in on this machine needs none. */
export function kmsClient({ endpoint, region }: Pick<KmsSettings, 'endpoint' | 'region'>): KMSClient {
  return new KMSClient({
    ...(endpoint === null ? {} : { endpoint }),
    ...(endpoint !== null && isOnThisMachine(endpoint) ? { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
    ...(region === null ? {} : { region }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, requestTimeout: ANSWER_WITHIN_MS, throwOnRequestTimeout: true },
  });
}

/**
 * A symmetric key of AWS KMS that wraps the keys of tenants. They are made here and encrypted there, each bound to its tenant, purpose and generation
 * by the encryption context, which CloudTrail shows with every use.
 */
export class KmsKek implements Kek {
  readonly id: string;
  readonly #keyId: string;
  readonly #client: KMSClient;

  constructor(keyId: string, client: KMSClient) {
    this.id = `aws-kms:${keyId}`;
    this.#keyId = keyId;
    this.#client = client;
  }

  async wrap(context: WrapContext, plain: Uint8Array): Promise<Uint8Array> {
    const { CiphertextBlob } = await askKms('encrypt', this.id, () => this.#client.send(new EncryptCommand({ KeyId: this.#keyId, Plaintext: plain, EncryptionContext: { ...context } })));
    return answered(CiphertextBlob);
  }

  async unwrap(context: WrapContext, wrapped: Uint8Array): Promise<Uint8Array> {
    const { Plaintext, KeyId } = await askKms('decrypt', this.id, () => this.#client.send(new DecryptCommand({ KeyId: this.#keyId, CiphertextBlob: wrapped, EncryptionContext: { ...context } })));
    // KMS refuses a ciphertext of another key by itself; whatever stands in for it may not.
    if (KEY_ARN.test(this.#keyId) && KeyId !== this.#keyId) throw new KeysError('unwrap_failed', `${this.id} did not wrap this key: ${KeyId ?? 'another one'} did.`);
    return answered(Plaintext);
  }
}

/** @throws KeysError for whatever KMS, or the way to it, says no with */
export async function askKms<T>(what: string, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw keysErrorOf(what, id, cause as Error);
  }
}

/** What an operator has to tell apart. Nothing that KMS says of a wrong ciphertext holds a key. */
function keysErrorOf(what: string, id: string, cause: Error): KeysError {
  const { name, message } = cause;
  if (/InvalidCiphertext|IncorrectKey/.test(name)) return new KeysError('unwrap_failed', `${id} did not wrap this key, or it is another tenant's, or it was altered.`, { cause });
  const isTransient = !(cause instanceof KMSServiceException) || cause.$fault === 'server' || cause.$retryable !== undefined || /Throttling|LimitExceeded|DependencyTimeout|KMSInternal|KeyUnavailable/.test(name);
  if (isTransient) return new KeysError('kek_unreachable', `${id} did not ${what} (${name}). It is tried again; keys that are in memory go on for a while.`, { cause });
  return new KeysError('kek_refused', `${id} refused to ${what}: ${name} ${message}. Look at the key's state, its policy and the rights of this process.`, { cause });
}

export function answered(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new KeysError('kek_unreachable', 'KMS answered without bytes.');
  return bytes;
}

function isOnThisMachine(endpoint: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname);
}
