export type PoisonErrorCode = 'arguments_invalid';

/** Why nothing was sent. What comes of what was sent is a report and no error. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError';
  readonly code: PoisonErrorCode;

  constructor(code: PoisonErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
