export type SingleBinaryErrorCode = 'binary_tool_failed' | 'binary_node_unusable';

/** Why a program was not made one file. */
export class SingleBinaryError extends Error {
  override readonly name = 'SingleBinaryError';
  readonly code: SingleBinaryErrorCode;

  constructor(code: SingleBinaryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
