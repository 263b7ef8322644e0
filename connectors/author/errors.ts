/** What the author can mend in the command or the package. */
export class AuthorError extends Error {
  readonly code = 'author_input_invalid';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AuthorError';
  }
}
