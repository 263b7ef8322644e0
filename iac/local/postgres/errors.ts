export type PostgresStartErrorCode =
  | 'postgres_platform_unsupported'
  | 'postgres_binaries_broken'
  | 'postgres_no_unprivileged_user'
  | 'postgres_already_running'
  | 'postgres_port_taken'
  | 'postgres_data_broken'
  | 'postgres_data_version'
  | 'postgres_data_owner'
  | 'postgres_disk_full'
  | 'postgres_start_failed';

/** Exit codes in the sense of sysexits.h, for a program that ends because PostgreSQL could not be started. */
const EXIT_CODES: Record<PostgresStartErrorCode, number> = {
  postgres_platform_unsupported: 69,
  postgres_binaries_broken: 69,
  postgres_no_unprivileged_user: 77,
  postgres_already_running: 75,
  postgres_port_taken: 69,
  postgres_data_broken: 65,
  postgres_data_version: 65,
  postgres_data_owner: 77,
  postgres_disk_full: 74,
  postgres_start_failed: 70,
};

/**
 * The embedded PostgreSQL could not be started. The message says what was found and what to do about it;
 * `serverLog` holds what PostgreSQL itself said, where it said anything.
 */
export class PostgresStartError extends Error {
  override readonly name = 'PostgresStartError';
  readonly code: PostgresStartErrorCode;
  readonly serverLog: string;

  constructor(code: PostgresStartErrorCode, message: string, options: { cause?: unknown; serverLog?: string } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.serverLog = options.serverLog ?? '';
  }

  /** What a program should exit with when this error ends it. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
