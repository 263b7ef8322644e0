/** The objects port: immutable bytes under a key. Implementations: `folder-objects.ts`; S3 with Object Lock comes with the AWS cell. */
export interface Objects {
  /** Stores `bytes` durably. The same key with the same bytes is fine; with other bytes it is `object_exists`. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @throws ObjectsError `object_missing` */
  get(key: string): Promise<Uint8Array>;
  has(key: string): Promise<boolean>;
}

export type ObjectsErrorCode = 'object_missing' | 'object_exists' | 'object_key_invalid';

export class ObjectsError extends Error {
  readonly code: ObjectsErrorCode;

  constructor(code: ObjectsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ObjectsError';
    this.code = code;
  }
}
