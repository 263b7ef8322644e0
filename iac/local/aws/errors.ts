export type AwsStandInErrorCode = 'moto_missing' | 'moto_failed';

/** The stand-in for AWS cannot be had here. The message says what is missing. */
export class AwsStandInError extends Error {
  override readonly name = 'AwsStandInError';
  readonly code: AwsStandInErrorCode;

  constructor(code: AwsStandInErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
