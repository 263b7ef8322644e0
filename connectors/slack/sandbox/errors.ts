export type SlackSandboxErrorCode = 'sandbox_config_invalid' | 'sandbox_request_invalid' | 'emulator_refused' | 'not_connected' | 'not_acknowledged';

/** What the stand-in cannot do, for whoever drives it. */
export class SlackSandboxError extends Error {
  override readonly name = 'SlackSandboxError';
  readonly code: SlackSandboxErrorCode;

  constructor(code: SlackSandboxErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
