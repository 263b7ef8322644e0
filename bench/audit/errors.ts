export type AuditBenchErrorCode = 'chain_not_verified';

/** What went wrong with a measurement, not with what it measures. */
export class AuditBenchError extends Error {
  override readonly name = 'AuditBenchError';
  readonly code: AuditBenchErrorCode;

  constructor(code: AuditBenchErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
