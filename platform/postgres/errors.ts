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

/** SQLSTATE classes by which a session ends: what it was at may be committed or not. */
const ENDS_THE_SESSION = new Set(['08', '57', 'XX']);

/** Whether the server itself refused, so that nothing of the transaction is committed; else the connection broke, and nobody knows. */
export function isOfServer(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !ENDS_THE_SESSION.has(code.slice(0, 2)) && code !== 'EPIPE';
}

/** Whether the same transaction may go through when it is made again: a deadlock, or a conflict with another. */
export function isPassingConflict(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === '40001' || code === '40P01' || code === '55P03';
}

/**
 * Whether the server would refuse anybody's write just now, whatever is written: it has no room, memory or connections (class 53), takes no writes
 * (25006), or the role lacks a grant (42501 of `aclcheck_error`; a policy or a function that refuses one row says the same code elsewhere).
 */
export function isOfAnyWrite(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') return false;
  return error.code.startsWith('53') || error.code === '25006' || (error.code === '42501' && 'routine' in error && error.routine === 'aclcheck_error');
}
