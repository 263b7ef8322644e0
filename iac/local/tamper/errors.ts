export type TamperErrorCode = 'tamper_arguments_invalid' | 'tamper_material_missing';

/** Why nothing could be tried. */
export class TamperError extends Error {
  readonly code: TamperErrorCode;

  constructor(code: TamperErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TamperError';
    this.code = code;
  }
}
