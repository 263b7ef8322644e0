import { KeysError } from '@countersign/platform/keys/keys.ts';
import { PostgresError } from '@countersign/platform/postgres/errors.ts';
import { AwsStandInError } from '../aws/errors.ts';
import { PostgresStartError } from '../postgres/errors.ts';
import { RedisServerError } from '../redis/errors.ts';

export type CellErrorCode =
  | 'usage' | 'already_running' | 'port_taken' | 'data_folder_broken' | 'data_folder_newer' | 'process_did_not_start' | 'console_build_failed'
  | 'seed_failed' | 'cell_not_running' | 'interrupted' | 'demo_failed' | 'no_namespace';

const EXIT_CODES: Record<CellErrorCode, number> = {
  usage: 2, already_running: 3, port_taken: 4, data_folder_broken: 5, data_folder_newer: 5, process_did_not_start: 6, console_build_failed: 6,
  seed_failed: 6, cell_not_running: 7, interrupted: 130, demo_failed: 1, no_namespace: 8,
};

/** Why the cell does not start: a sentence for the person at the terminal, and the exit code that goes with it. */
export class CellError extends Error {
  readonly code: CellErrorCode;

  constructor(code: CellErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CellError';
    this.code = code;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

/**
 * What a command ends with: the sentence and the exit code of an error that the person at the terminal can do something about.
 * @returns undefined for a defect of ours, which is better shown with its stack
 */
export function endOf(error: unknown): { readonly message: string; readonly exitCode: number } | undefined {
  if (error instanceof CellError || error instanceof PostgresStartError) return error;
  // A key file or a migration that is not what it was: the folder's content is at fault, not its format.
  if (error instanceof RedisServerError || error instanceof AwsStandInError) return { message: error.message, exitCode: EXIT_CODES.process_did_not_start };
  if (error instanceof KeysError || error instanceof PostgresError) return { message: error.message, exitCode: EXIT_CODES.data_folder_broken };
  return undefined;
}
