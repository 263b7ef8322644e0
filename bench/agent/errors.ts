export type AgentBenchErrorCode = 'place_ended' | 'request_refused' | 'run_failed' | 'run_too_slow';

/** Why nothing could be measured: no figure is printed then. */
export class AgentBenchError extends Error {
  override readonly name = 'AgentBenchError';
  readonly code: AgentBenchErrorCode;

  constructor(code: AgentBenchErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
