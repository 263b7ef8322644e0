export type SlackAppErrorCode = 'socket_url_not_allowed' | 'not_installed';

/** What goes wrong between Bolt and us; never seen by callers of our API. */
export class SlackAppError extends Error {
  override readonly name = 'SlackAppError';
  readonly code: SlackAppErrorCode;

  constructor(code: SlackAppErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
