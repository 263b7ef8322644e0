/** Why one evaluation gave no usable answer. The decision point turns each into a DENY. */
export type EvaluationErrorCode = 'evaluation_timeout' | 'evaluation_failed' | 'evaluator_overloaded' | 'evaluator_closed' | 'probe_failed';

export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  readonly code: EvaluationErrorCode;

  constructor(code: EvaluationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
