import { KeysError } from '@countersign/platform/keys/keys.ts';

/** Classes of SQLSTATE that say nothing about the row: connection, rollback (deadlock), resources, operator, lock not available, system. */
const PASSING_CLASSES = new Set(['08', '40', '53', '55', '57', '58']);

/** Node's own codes of a connection that broke or could not be made. */
const PASSING_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT']);

/** Whether `error` is of the database, the root key or the network and not of what was being done: trying again later can help. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof KeysError) return error.code === 'kek_unreachable';
  if ('code' in error && typeof error.code === 'string') {
    return PASSING_CODES.has(error.code) || (/^[0-9A-Z]{5}$/.test(error.code) && PASSING_CLASSES.has(error.code.slice(0, 2)));
  }
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(error.message);
}
