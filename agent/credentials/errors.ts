export type SecretErrorCode =
  /** There is nothing where the configuration says. */
  | 'secret_missing'
  /** Others can read it, or it is empty or far too long. */
  | 'secret_unusable'
  /** The program said no, or nothing in time. */
  | 'secret_command_failed';

/** Why a credential cannot be had. It names the place, never a value, nor anything that a program printed. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  readonly code: SecretErrorCode;

  constructor(code: SecretErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
