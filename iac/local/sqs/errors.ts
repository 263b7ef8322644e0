export type SqsServerErrorCode = 'moto_missing' | 'moto_failed';

/** The second stand-in for SQS cannot be had here. The message says what is missing. */
export class SqsServerError extends Error {
  override readonly name = 'SqsServerError';
  readonly code: SqsServerErrorCode;

  constructor(code: SqsServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
