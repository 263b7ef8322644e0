/** Why a request did not go out, or why its answer was not taken. */
export type EgressErrorCode =
  | 'base_url_invalid'
  | 'connection_settings_invalid'
  | 'request_invalid'
  | 'host_not_allowed'
  | 'address_not_allowed'
  | 'name_not_resolved'
  | 'connect_failed'
  | 'proxy_refused'
  | 'tls_failed'
  | 'timeout'
  | 'aborted'
  | 'connection_lost'
  | 'redirect_not_allowed'
  | 'response_too_large'
  | 'response_invalid';

/**
 * `sent` is what a caller must know before it tries again: false means that no byte of the request has left, true that the peer may
 * have received it and acted on it. The message names hosts and addresses, never headers, paths or bodies.
 */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly code: EgressErrorCode;
  readonly sent: boolean;

  constructor(code: EgressErrorCode, message: string, details: { sent: boolean; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.sent = details.sent;
  }
}
