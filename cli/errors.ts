export type CliErrorCode = 'config_invalid' | 'not_signed_in' | 'server_unreachable' | 'request_refused' | 'input_invalid' | 'tool_failed';

/** What the person at the terminal reads. Exit code 2 for what they can mend in the command, 1 for the rest. */
export class CliError extends Error {
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.code = code;
  }

  get exitCode(): 1 | 2 {
    return this.code === 'config_invalid' || this.code === 'input_invalid' ? 2 : 1;
  }
}
