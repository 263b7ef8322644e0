export type SecretsErrorCode =
  | 'secret_ref_invalid' | 'secret_missing' | 'setting_invalid'
  /** It is there, and is nothing that can be used. */
  | 'secret_unusable'
  /** No right to it, or it is not what was sealed. */
  | 'secret_refused'
  /** No answer; it is tried again. */
  | 'secret_unreachable';

/** Messages name the place, never a value. */
export class SecretsError extends Error {
  readonly code: SecretsErrorCode;

  constructor(code: SecretsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SecretsError';
    this.code = code;
  }
}
