export type EngineBenchErrorCode = 'arguments_invalid' | 'contender_ended' | 'contender_failed' | 'runs_failed';

/** Why nothing could be measured: no figure is printed then. */
export class EngineBenchError extends Error {
  override readonly name = 'EngineBenchError';
  readonly code: EngineBenchErrorCode;

  constructor(code: EngineBenchErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
