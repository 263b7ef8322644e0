export type VectorsErrorCode = 'vectors_arguments_invalid' | 'vectors_missing';

/** Why vectors could not be tried. */
export class VectorsError extends Error {
  readonly code: VectorsErrorCode;

  constructor(code: VectorsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VectorsError';
    this.code = code;
  }
}
