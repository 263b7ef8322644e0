export type EvidenceErrorCode =
  | 'file_unreadable' | 'archive_altered' | 'file_missing' | 'file_unexpected' | 'file_altered' | 'file_not_canonical' | 'file_invalid'
  | 'format_unknown' | 'signature_invalid' | 'key_missing' | 'key_not_trusted' | 'key_revoked' | 'chain_broken' | 'checkpoint_mismatch'
  | 'action_digest_mismatch' | 'approval_missing' | 'approval_insufficient' | 'record_contradicts_audit' | 'record_inconsistent' | 'keys_file_invalid'
  | 'event_not_proven' | 'witness_missing' | 'tenant_unexpected' | 'redaction_invalid' | 'member_altered';

/** Why a bundle is not verified. `file` is the one that is wrong. */
export class EvidenceError extends Error {
  readonly code: EvidenceErrorCode;
  readonly file: string;

  constructor(code: EvidenceErrorCode, file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EvidenceError';
    this.code = code;
    this.file = file;
  }
}
