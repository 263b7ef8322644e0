export type AuditErrorCode = 'audit_range_invalid' | 'audit_tree_damaged';

/** What the audit of a chain could not be asked, or does not hold. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
  readonly code: AuditErrorCode;

  constructor(code: AuditErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
