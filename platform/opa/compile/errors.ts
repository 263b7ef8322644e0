/** Why nothing could be compiled, whatever the policy says. What is wrong with the policy is a problem in the report. */
export type CompileErrorCode = 'opa_unavailable' | 'compiler_busy' | 'compiler_failed';

export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly code: CompileErrorCode;

  constructor(code: CompileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
