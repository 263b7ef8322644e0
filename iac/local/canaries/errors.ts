export type CanaryErrorCode = 'request_refused' | 'waited_in_vain' | 'canary_unknown' | 'arguments_invalid';

/** The canaries could not be sown or searched for. */
export class CanaryError extends Error {
  override readonly name = 'CanaryError';
  readonly code: CanaryErrorCode;

  constructor(code: CanaryErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
