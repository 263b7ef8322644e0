export type RogueErrorCode =
  | 'arguments_invalid'
  /** The agent did not come up, or did not carry out what an honest cell asks for: then that it refuses says nothing. */
  | 'agent_failed';

/** Why nothing was shown. An order that was carried out is a report and no error. */
export class RogueError extends Error {
  override readonly name = 'RogueError';
  readonly code: RogueErrorCode;

  constructor(code: RogueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
