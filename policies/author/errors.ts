export type AuthorErrorCode = 'opa_unavailable' | 'pack_unknown' | 'request_invalid';

/** What the author can mend around the policy. What is wrong with the policy itself is in a report. */
export class AuthorError extends Error {
  override readonly name = 'AuthorError';
  readonly code: AuthorErrorCode;

  constructor(code: AuthorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
