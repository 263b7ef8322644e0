/** Every way in which the classifier refuses; the text names the field and the fix. */
export type ClassifierErrorCode =
  | 'classifier_no_tickets'
  | 'classifier_no_labels'
  | 'classifier_invalid_seed'
  | 'classifier_too_many_tickets'
  | 'classifier_invalid_ticket'
  | 'classifier_duplicate_ticket'
  | 'classifier_worker_failed'
  | 'classifier_model_magic'
  | 'classifier_model_version'
  | 'classifier_model_truncated'
  | 'classifier_model_digest'
  | 'classifier_model_malformed'
  | 'eval_usage'
  | 'eval_file_unreadable'
  | 'eval_file_empty'
  | 'eval_line_invalid'
  | 'eval_duplicate_id';

/** The one error class of this package. `field` is the part of the input at fault, where there is one. */
export class ClassifierError extends Error {
  override readonly name = 'ClassifierError';
  readonly code: ClassifierErrorCode;
  readonly field: string | undefined;

  constructor(code: ClassifierErrorCode, message: string, details: { field?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field;
  }
}
