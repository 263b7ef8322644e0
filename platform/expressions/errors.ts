export type ExpressionErrorCode =
  | 'expression_syntax' | 'expression_too_long' | 'expression_unknown_name' | 'expression_not_allowed'
  | 'expression_field_missing' | 'expression_failed'
  | 'expression_result_not_json' | 'expression_result_too_large' | 'expression_result_not_boolean';

/** What is wrong with an expression, or with what it found. The message names both and holds no value of the context. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly code: ExpressionErrorCode;
  readonly expression: string;
  /** The field that was missing or cannot be referred to, as `steps.triage.output.category`. */
  readonly path: string | null;
  /** Offset in the expression, where the parser knows one. */
  readonly position: number | null;

  constructor(code: ExpressionErrorCode, message: string, where: { expression: string; path?: string; position?: number; cause?: unknown }) {
    super(message, { cause: where.cause });
    this.code = code;
    this.expression = where.expression;
    this.path = where.path ?? null;
    this.position = where.position ?? null;
  }
}
