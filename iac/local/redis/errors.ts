export type RedisServerErrorCode = 'redis_missing' | 'redis_install_failed' | 'redis_did_not_start';

/** No Redis on this machine. The message says how to get one. */
export class RedisServerError extends Error {
  override readonly name = 'RedisServerError';
  readonly code: RedisServerErrorCode;

  constructor(code: RedisServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
