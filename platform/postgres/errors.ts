export type PostgresErrorCode = 'row_missing' | 'role_too_powerful' | 'tenant_id_invalid' | 'migration_failed' | 'migration_changed';

/** What `platform/postgres` itself refuses. Errors of the server are `pg.DatabaseError` and pass through. */
export class PostgresError extends Error {
  readonly code: PostgresErrorCode;

  constructor(code: PostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PostgresError';
    this.code = code;
  }
}

/** Whether `error` is the violation of the named constraint or unique index. */
export function violates(error: unknown, constraint: string): boolean {
  return typeof error === 'object' && error !== null && 'constraint' in error && error.constraint === constraint;
}
