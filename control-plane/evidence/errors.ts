export type EvidencePackageErrorCode = 'events_not_covered' | 'subject_gone' | 'subject_undecided';

/** Why a package was not built. */
export class EvidencePackageError extends Error {
  readonly code: EvidencePackageErrorCode;

  constructor(code: EvidencePackageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EvidencePackageError';
    this.code = code;
  }
}
