import { createPublicKey } from 'node:crypto';
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
    const { PublicKey, KeyUsage } = await askKms('give the public key', `aws-kms:${keyId}`, () => client.send(new GetPublicKeyCommand({ KeyId: keyId })));
    const publicKey = answered(PublicKey);
    if (KeyUsage !== 'SIGN_VERIFY' || !isP256(publicKey)) throw new KeysError('kek_refused', `aws-kms:${keyId} is no key that signs with P-256. Name one of ECC_NIST_P256 for SIGN_VERIFY.`);
    return new KmsSigner(keyId, client, publicKey);
  }

  /** ECDSA with SHA-256 over `bytes`, as DER. KMS takes up to 4096 of them; what is signed of a certificate is a few hundred. */
  async sign(bytes: Uint8Array): Promise<Uint8Array> {
    const { Signature } = await askKms('sign', `aws-kms:${this.#keyId}`, () => this.#client.send(new SignCommand({
      KeyId: this.#keyId, Message: bytes, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256',
    })));
    return answered(Signature);
  }
}

function isP256(spki: Uint8Array): boolean {
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).asymmetricKeyDetails?.namedCurve === 'prime256v1';
}
