export type CertificateErrorCode =
  /** No request, or not one for a P-256 key, or not signed with it. */
  | 'request_invalid'
  /** The files of the authority are not there, not readable for their owner alone, or not a pair. */
  | 'authority_unusable';

/** Why no certificate is made. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
