export type SpoolErrorCode =
  /** The disk, or the bound that was set for the spool, is reached. Nothing that was written before is touched. */
  | 'spool_full'
  /** What is on the disk is not what was written: see `detail` for where. Nothing is deleted. */
  | 'spool_damaged'
  /** Another process has it open. */
  | 'spool_in_use'
  /** The folder or the key is not there, or others can read it. */
  | 'spool_unusable'
  /** More than what can be delivered in one piece. Nothing of it was written. */
  | 'entry_too_large'
  /** What the cell says it has is not what this spool gave it. */
  | 'spool_forked';

/** Why the spool does not take, give or forget something. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError';
  readonly code: SpoolErrorCode;

  constructor(code: SpoolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What the disk gave back is not what was written: by our own check, SQLITE_CORRUPT (11) or SQLITE_NOTADB (26). */
export function isDamage(error: unknown): boolean {
  const { code, errcode = 0 } = (error ?? {}) as { code?: string; errcode?: number };
  return code === 'spool_damaged' || [11, 26].includes(errcode & 0xff);
}

/** SQLITE_FULL (13), and SQLITE_IOERR (10) where the system says it with that: a quota, a limit of the file's size. */
export function isFull(error: unknown): boolean {
  const code = (error as { errcode?: number } | null)?.errcode;
  return code !== undefined && [13, 10].includes(code & 0xff);
}
