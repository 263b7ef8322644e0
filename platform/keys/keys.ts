/**
 * The keys port: content is sealed per tenant and purpose, and signed for. Implementations: `envelope-keys.ts` (random keys, wrapped by a root
 * key that is in a file or in AWS KMS) and `file-keys.ts` (keys derived from a file: what cells of before kept their content under, and what
 * a tool without a database takes).
 */
export type SealPurpose = 'content' | 'credential' | 'approval' | 'identity';
export const SEAL_PURPOSES: readonly SealPurpose[] = ['content', 'credential', 'approval', 'identity'];
export type SigningPurpose = 'policy_bundle' | 'checkpoint' | 'evidence' | 'webhook' | 'work_order' | 'agent_release';
export const SIGNING_PURPOSES: readonly SigningPurpose[] = ['policy_bundle', 'checkpoint', 'evidence', 'webhook', 'work_order', 'agent_release'];

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: 'ES256' | 'EdDSA';
  readonly publicJwk: Readonly<Record<string, string>>;
  /** Raw signature over `bytes`: P1363 (r||s) for ES256, 64 bytes for Ed25519. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface Keys {
  /**
   * AES-256-GCM under the newest key of this tenant and purpose; `context` (the id of what holds the bytes) is bound in as additional data.
   * Does no I/O once the key is known here.
   * @throws KeysError `kek_unreachable`, `kek_refused`, `kek_unknown`, `key_shredded`
   */
  seal(tenantId: string, purpose: SealPurpose, context: string, plain: Uint8Array): Promise<Uint8Array>;
  /** @throws KeysError `unseal_failed` when the bytes, the tenant, the purpose or the context are not what was sealed; and as `seal` */
  unseal(tenantId: string, purpose: SealPurpose, context: string, sealed: Uint8Array): Promise<Uint8Array>;
  /**
   * A signing key of a tenant for a purpose: ES256 for bundles (OPA has no EdDSA), Ed25519 for the rest. Every generation, counted from 1, is a
   * key of its own. Without a generation: the one that signs now, which may be a minute out of date. Whoever writes what is signed in a
   * transaction asks `signerNow` in it.
   */
  signingKey(tenantId: string, purpose: SigningPurpose, generation?: number): Promise<SigningKey>;
}

export type KeysErrorCode =
  | 'unseal_failed' | 'key_file_missing' | 'key_file_invalid' | 'key_file_exposed' | 'setting_invalid'
  /** The root key does not answer; it is tried again. */
  | 'kek_unreachable'
  /** The root key is there and refuses: rights, or it is disabled or being deleted. */
  | 'kek_refused'
  /** A key is wrapped by a root key that this process was not given. */
  | 'kek_unknown'
  /** What wraps, or what is wrapped, is not what it was. */
  | 'unwrap_failed'
  /** The key was destroyed on purpose. */
  | 'key_shredded'
  /** A published signing key whose private half is nowhere. */
  | 'signing_key_missing';

export class KeysError extends Error {
  readonly code: KeysErrorCode;

  constructor(code: KeysErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeysError';
    this.code = code;
  }
}
