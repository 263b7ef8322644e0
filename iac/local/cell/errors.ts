export type CellErrorCode =
  | 'usage' | 'already_running' | 'port_taken' | 'data_folder_broken' | 'data_folder_newer' | 'process_did_not_start' | 'console_build_failed'
  | 'seed_failed' | 'cell_not_running';

const EXIT_CODES: Record<CellErrorCode, number> = {
  usage: 2, already_running: 3, port_taken: 4, data_folder_broken: 5, data_folder_newer: 5, process_did_not_start: 6, console_build_failed: 6,
  seed_failed: 6, cell_not_running: 7,
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
