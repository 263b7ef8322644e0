/** What a wrapped key is bound to: the encryption context of KMS, the additional data of a file's root key. */
export interface WrapContext {
  readonly tenant_id: string;
  readonly purpose: string;
  readonly generation: string;
}

/**
 * The root key: it wraps other keys and nothing else. Implementations: `file-kek.ts` (one machine) and `kms-kek.ts` (AWS KMS); both pass
 * `kek-conformance.ts`.
 */
export interface Kek {
  /** Stands with every key that it wrapped, so that the right one is asked while there are two. */
  readonly id: string;
  /** @throws KeysError `kek_unreachable`, `kek_refused` */
  wrap(context: WrapContext, plain: Uint8Array): Promise<Uint8Array>;
  /** @throws KeysError `unwrap_failed` for other bytes or another context; `kek_unreachable`, `kek_refused` */
  unwrap(context: WrapContext, wrapped: Uint8Array): Promise<Uint8Array>;
}
