/** The objects port: immutable bytes under a key. Implementations: `folder-objects.ts`, `s3-objects.ts`; one conformance suite. */
export interface Objects {
  /**
   * Stores `bytes` durably. The same key with the same bytes is fine; with other bytes it is `object_exists`. Until `retainUntil` nobody removes
   * it: S3 enforces that by Object Lock in compliance mode, a folder only for who asks through this port. Given again it is prolonged, never cut.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<void>;
  /** @throws ObjectsError `object_missing` */
  get(key: string): Promise<Uint8Array>;
  has(key: string): Promise<boolean>;
  /** The keys that begin with `prefix`, in the order of their bytes. */
  list(prefix: string): AsyncIterable<string>;
  /** Removes the object for good; one that is not there is fine. @throws ObjectsError `object_retained` */
  remove(key: string): Promise<void>;
}

export interface PutOptions {
  readonly retainUntil?: Date;
}

export type ObjectsErrorCode = 'object_missing' | 'object_exists' | 'object_key_invalid' | 'object_retained' | 'objects_refused' | 'objects_unreachable';

export class ObjectsError extends Error {
  readonly code: ObjectsErrorCode;
  /** Of `object_retained`: when it can be removed. */
  readonly retainedUntil: Date | null;

  constructor(code: ObjectsErrorCode, message: string, options: ErrorOptions & { readonly retainedUntil?: Date } = {}) {
    super(message, options);
    this.name = 'ObjectsError';
    this.code = code;
    this.retainedUntil = options.retainedUntil ?? null;
  }
}

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
const MAX_KEY_BYTES = 1_024;

/** @throws ObjectsError `object_key_invalid` */
export function checkedKey(key: string): string {
  if (!KEY.test(key) || key.length > MAX_KEY_BYTES) throw new ObjectsError('object_key_invalid', `Not an object key: ${JSON.stringify(key)}.`);
  return key;
}

/** A prefix is empty, or what a key may begin with. */
export function checkedPrefix(prefix: string): string {
  if (prefix !== '') checkedKey(prefix.replace(/\/$/, ''));
  return prefix;
}
