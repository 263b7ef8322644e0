import { hash } from 'node:crypto';
import { GetPublicKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import type { KMSClient } from '@aws-sdk/client-kms';
import { answered, askKms, kmsClient } from './kms-kek.ts';
import { KeysError } from './keys.ts';
import type { RootKeySettings } from './settings.ts';

/**
 * A P-256 key of AWS KMS (ECC_NIST_P256, SIGN_VERIFY): its private half never leaves KMS, so every signature is asked for there, and CloudTrail
 * shows each.
 */
export class KmsSigner {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly #keyId: string;
  readonly #client: KMSClient;

  private constructor(keyId: string, client: KMSClient, publicKey: Uint8Array) {
    this.#keyId = keyId;
    this.#client = client;
    this.publicKey = publicKey;
  }

  /** @throws KeysError `kek_unreachable`, `kek_refused` */
  static async open(settings: Omit<Extract<RootKeySettings, { kind: 'aws-kms' }>, 'kind'>): Promise<KmsSigner> {
    const { keyId } = settings;
    const client = kmsClient(settings);
    const { PublicKey, KeySpec, KeyUsage } = await askKms('give the public key', `aws-kms:${keyId}`, () => client.send(new GetPublicKeyCommand({ KeyId: keyId })));
    if (KeySpec !== 'ECC_NIST_P256' || KeyUsage !== 'SIGN_VERIFY') throw new KeysError('kek_refused', `aws-kms:${keyId} is a key of ${KeySpec ?? 'another kind'} for ${KeyUsage ?? 'something else'}. Name one of ECC_NIST_P256 for SIGN_VERIFY.`);
    return new KmsSigner(keyId, client, answered(PublicKey));
  }

  /** ECDSA with SHA-256 over `bytes`, as DER. */
  async sign(bytes: Uint8Array): Promise<Uint8Array> {
    const { Signature } = await askKms('sign', `aws-kms:${this.#keyId}`, () => this.#client.send(new SignCommand({
      KeyId: this.#keyId, Message: hash('sha256', bytes, 'buffer'), MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256',
    })));
    return answered(Signature);
  }
}
