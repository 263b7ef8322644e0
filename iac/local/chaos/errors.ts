export type ChaosErrorCode = 'arguments_invalid' | 'process_ended' | 'checker_failed' | 'evidence_unreadable';

/** Why a run of chaos says nothing: it could not be carried out or judged. What it finds are findings and no errors. */
export class ChaosError extends Error {
  override readonly name = 'ChaosError';
  readonly code: ChaosErrorCode;

  constructor(code: ChaosErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
