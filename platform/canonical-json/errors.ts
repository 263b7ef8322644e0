/** Why a value or a text is not the strict JSON that may be hashed and compared. */
export type CanonicalJsonErrorCode =
  | 'json_syntax'
  | 'json_duplicate_key'
  | 'json_forbidden_key'
  | 'json_too_deep'
  | 'json_too_large'
  | 'json_unsafe_number'
  | 'json_lone_surrogate'
  | 'json_unsupported_value';

/** `pointer` (RFC 6901) says where; the message never holds a value, so it may be logged. */
export class CanonicalJsonError extends Error {
  override readonly name = 'CanonicalJsonError';
  readonly code: CanonicalJsonErrorCode;
  readonly pointer: string;

  constructor(code: CanonicalJsonErrorCode, pointer: string, detail: string, options?: ErrorOptions) {
    super(`${pointer === '' ? 'the document' : pointer}: ${detail}`, options);
    this.code = code;
    this.pointer = pointer;
  }
}
