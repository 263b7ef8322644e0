/** Why no token is issued, in the words of RFC 6749, 5.2. */
export type OauthErrorCode = 'invalid_request' | 'invalid_client' | 'invalid_grant' | 'unauthorized_client' | 'unsupported_grant_type' | 'invalid_scope';

export class OauthError extends Error {
  override readonly name = 'OauthError';
  readonly code: OauthErrorCode;

  constructor(code: OauthErrorCode, description: string, options: ErrorOptions = {}) {
    super(description, options);
    this.code = code;
  }
}
