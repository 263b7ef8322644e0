export type VerifierBuildErrorCode = 'verifier_has_dependencies' | 'verifier_tool_failed';

/** Why the verifier was not built. */
export class VerifierBuildError extends Error {
  readonly code: VerifierBuildErrorCode;

  constructor(code: VerifierBuildErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VerifierBuildError';
    this.code = code;
  }
}
