export type RedteamErrorCode = 'arguments_invalid' | 'cases_unreadable' | 'cases_empty' | 'peer_unusable';

/** Why the harness could not measure anything: exit code 2, and no figure. */
export class RedteamError extends Error {
  override readonly name = 'RedteamError';
  readonly code: RedteamErrorCode;

  constructor(code: RedteamErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
