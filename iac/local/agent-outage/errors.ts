export type OutageErrorCode =
  | 'arguments_invalid'
  /** The agent's process ended by itself, and not well. */
  | 'agent_failed'
  /** A small disk can be had in a mount namespace only, and there is none here. */
  | 'no_mount_namespace';

/** Why nothing was shown. What was lost or doubled is a report and no error. */
export class OutageError extends Error {
  override readonly name = 'OutageError';
  readonly code: OutageErrorCode;

  constructor(code: OutageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
