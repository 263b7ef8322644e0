export type CacheErrorCode = 'cache_unreachable' | 'cache_refused';

/** What Redis did not do. Whoever uses it does the same without it, more slowly. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;

  constructor(code: CacheErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
