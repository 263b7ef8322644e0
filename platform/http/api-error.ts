import type { ErrorCode, FieldProblem } from '@countersign/contracts/errors/catalogue.ts';

export interface ApiErrorOptions extends ErrorOptions {
  /** One entry per field that is wrong. */
  readonly errors?: readonly FieldProblem[];
  /** Becomes the `Retry-After` header. */
  readonly retryAfter_s?: number;
  /** More members of the problem document (RFC 9457, 3.2), such as `current_action_digest`. */
  readonly members?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What a caller is told when a request is refused. `code` is one of the catalogue, `message` becomes `detail`: it says what is
 * wrong with this request and never holds a secret. What only operators may read goes into `cause`, which is logged.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldProblem[] | undefined;
  readonly retryAfter_s: number | undefined;
  readonly members: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, detail: string, options: ApiErrorOptions = {}) {
    super(detail, options);
    this.code = code;
    this.errors = options.errors;
    this.retryAfter_s = options.retryAfter_s;
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
  }
}
