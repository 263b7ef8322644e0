import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SandboxError } from './errors.ts';

/** One record after a change, sparse (unset fields are left out); `null` where the record was deleted. */
export interface Change {
  table: string;
  sys_id: string;
  record: Record<string, string> | null;
}

/** Where committed changes go before they are applied in memory. One call is one transaction. */
export interface ChangeLog {
  append(changes: readonly Change[]): void;
  close(): void;
}

const FILE_NAME = 'records.jsonl';

/**
 * The records of the sandbox in one append-only file, one transaction a line, fsynced before the caller is answered,
 * so that `kill -9` loses nothing that was acknowledged. A last line without its end was never acknowledged: it is cut
 * off at the next start. The file is made whole under another name and then renamed, so there is never half of a seed.
 */
export class FileChangeLog implements ChangeLog {
  readonly #descriptor: number;
  /** The end of the last whole transaction, in bytes. */
  #length: number;

  private constructor(descriptor: number, length: number) {
    this.#descriptor = descriptor;
    this.#length = length;
  }

  /** Whether `directory` already holds records. */
  static exists(directory: string): boolean {
    return existsSync(join(directory, FILE_NAME));
  }

  /** Writes `transactions` as the new content of `directory`, atomically. */
  static create(directory: string, transactions: Iterable<readonly Change[]>): void {
    const path = join(directory, FILE_NAME);
    const unfinished = `${path}.new`;
    try {
      mkdirSync(directory, { recursive: true });
      const descriptor = openSync(unfinished, 'w');
      const content = Buffer.from([...transactions].map(lineOf).join(''));
      writeWhole(descriptor, content, 0);
      fsyncSync(descriptor);
      closeSync(descriptor);
      renameSync(unfinished, path);
      syncDirectory(dirname(path));
    } catch (cause) {
      throw new SandboxError('sandbox_data_unwritable', `SANDBOX_DATA_DIR ${directory}: cannot write ${path}; check that the folder may be written and has room`, { cause });
    }
  }

  /** Opens `directory` for appending, after handing every committed transaction to `apply` in order. */
  static open(directory: string, apply: (changes: readonly Change[]) => void): FileChangeLog {
    const path = join(directory, FILE_NAME);
    let descriptor: number;
    let content: Buffer;
    try {
      content = readFileSync(path);
      descriptor = openSync(path, 'r+');
    } catch (cause) {
      throw new SandboxError('sandbox_data_unreadable', `SANDBOX_DATA_DIR ${directory}: cannot read ${path}; check its permissions`, { cause });
    }
    const length = replay(path, content, apply);
    if (length < content.length) {
      ftruncateSync(descriptor, length);
      fsyncSync(descriptor);
    }
    return new FileChangeLog(descriptor, length);
  }

  append(changes: readonly Change[]): void {
    const line = Buffer.from(lineOf(changes));
    try {
      writeWhole(this.#descriptor, line, this.#length);
      fsyncSync(this.#descriptor);
    } catch (cause) {
      // The next append starts at the same place, so half a line never stands before a whole one.
      throw new SandboxError('sandbox_data_unwritable', 'the sandbox cannot write its records; check the room on the disk of SANDBOX_DATA_DIR', { cause });
    }
    this.#length += line.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Applies every whole line and returns the length in bytes of what was whole. */
function replay(path: string, content: Buffer, apply: (changes: readonly Change[]) => void): number {
  let start = 0;
  let lineNumber = 0;
  while (start < content.length) {
    const end = content.indexOf(0x0a, start);
    if (end === -1) return start;
    lineNumber += 1;
    const changes = changesOf(content.subarray(start, end).toString('utf8'));
    if (changes === undefined) {
      // Unreadable and last: torn by a crash between two sectors. Unreadable in the middle: not ours to guess about.
      if (end === content.length - 1) return start;
      throw new SandboxError('sandbox_data_unreadable', `${path} line ${lineNumber} is not a record of the sandbox; restore the file, or start with an empty SANDBOX_DATA_DIR`);
    }
    apply(changes);
    start = end + 1;
  }
  return start;
}

function lineOf(changes: readonly Change[]): string {
  return `${JSON.stringify({ changes })}\n`;
}

function changesOf(line: string): Change[] | undefined {
  try {
    const parsed = JSON.parse(line) as { changes?: unknown };
    return Array.isArray(parsed.changes) ? (parsed.changes as Change[]) : undefined;
  } catch {
    return undefined;
  }
}

/** `writeSync` may write less than it was asked to. */
function writeWhole(descriptor: number, bytes: Buffer, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
