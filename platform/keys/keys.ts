/**
 * The keys port: whoever holds the root key seals content per tenant and purpose, and signs. Implementations: `file-keys.ts`
 * (one machine); a KMS comes with the AWS cell.
 */
export type SealPurpose = 'content' | 'credential' | 'approval';
export type SigningPurpose = 'policy_bundle' | 'checkpoint' | 'evidence';

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: 'ES256' | 'EdDSA';
  readonly publicJwk: Readonly<Record<string, string>>;
  /** Raw signature over `bytes`: P1363 (r||s) for ES256, 64 bytes for Ed25519. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface Keys {
  /** AES-256-GCM under a key derived for this tenant and purpose; `context` is bound in as additional data. */
  seal(tenantId: string, purpose: SealPurpose, context: string, plain: Uint8Array): Promise<Uint8Array>;
  /** @throws KeysError `unseal_failed` when the bytes, the tenant, the purpose or the context are not what was sealed */
  unseal(tenantId: string, purpose: SealPurpose, context: string, sealed: Uint8Array): Promise<Uint8Array>;
  /**
   * The signing key of a tenant for a purpose: ES256 for bundles (OPA has no EdDSA), Ed25519 for the rest. Every generation, counted from 1,
   * is a key of its own: rotating is asking for the next one.
   */
  signingKey(tenantId: string, purpose: SigningPurpose, generation?: number): Promise<SigningKey>;
}

export type KeysErrorCode = 'unseal_failed' | 'key_file_missing' | 'key_file_invalid' | 'key_file_exposed';

export class KeysError extends Error {
  readonly code: KeysErrorCode;

  constructor(code: KeysErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeysError';
    this.code = code;
  }
}
