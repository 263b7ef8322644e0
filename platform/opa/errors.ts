/** Why the decision point could not get, load or ask its policy. It turns each into a DENY. BundleError says what is wrong with a bundle itself. */
export type PdpErrorCode = 'source_unavailable' | 'evaluation_timeout' | 'evaluation_failed' | 'evaluator_overloaded' | 'evaluator_closed' | 'probe_failed';

export class PdpError extends Error {
  override readonly name = 'PdpError';
  readonly code: PdpErrorCode;

  constructor(code: PdpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
