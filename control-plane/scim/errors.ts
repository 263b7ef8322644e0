/** Detail codes of SCIM errors (RFC 7644, 3.12). */
export type ScimErrorType = 'invalidFilter' | 'invalidPath' | 'invalidSyntax' | 'invalidValue' | 'uniqueness' | 'mutability';

/** What a directory is told, in the form that RFC 7644 gives errors. */
export class ScimError extends Error {
  override readonly name = 'ScimError';
  readonly code: ScimErrorType | 'notFound' | 'preconditionFailed';
  readonly status: 400 | 404 | 409 | 412;

  constructor(code: ScimError['code'], detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
    this.status = code === 'notFound' ? 404 : code === 'uniqueness' ? 409 : code === 'preconditionFailed' ? 412 : 400;
  }
}
