import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CellError } from '../cell/errors.ts';

/** A network and mount namespace, named by a process that is in it. */
export interface Inside {
  readonly pid: number;
  /** It belongs to a user namespace of its own, because whoever runs this is not root. */
  readonly asUser: boolean;
}

/** What runs `command` in there. Signals and an IPC channel reach it: nothing stays in between. */
export function commandInside({ pid, asUser }: Inside, command: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
  return { command: 'nsenter', args: ['--target', String(pid), ...(asUser ? ['--user', '--preserve-credentials'] : []), '--net', '--mount', '--', command, ...args] };
}

/** Runs a command to its end. @returns its standard output @throws CellError `process_did_not_start` with what it said */
export async function runInside(inside: Inside, name: string, given: readonly string[]): Promise<string> {
  const { command, args } = commandInside(inside, name, given);
  try {
    return (await promisify(execFile)(command, args, { maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (cause) {
    throw new CellError('process_did_not_start', `${name} ${given.join(' ')} failed: ${(cause as { stderr?: string }).stderr?.trim() || (cause as Error).message}`, { cause });
  }
}
