import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findProcess, type ProcessInfo, waitForProcessEnd } from './process-table.ts';

const FAST_STOP_MS = 5_000;
const IMMEDIATE_STOP_MS = 5_000;
/** No process can have this pid (Linux caps pids at 2^22). */
const IMPOSSIBLE_PID = 2_147_483_646;

/** The lines of `postmaster.pid` we use (PostgreSQL: src/include/utils/pidfile.h). */
export interface PostmasterFile {
  pid: number;
  /** `starting`, `stopping`, `ready` or `standby`; empty in the first moments. */
  status: string;
}

export async function readPostmasterFile(data: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parsePostmasterFile(text);
}

export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, status: (lines[7] ?? '').trim() };
}

/**
 * Leaves the data folder without a running server: a postmaster whose supervisor was killed is shut down, and a
 * `postmaster.pid` whose number now belongs to some other program is made harmless. Only a process that was started as
 * `postgres -D <this folder>` is ever signalled.
 */
export async function stopOrphan(data: string, log: (message: string) => void): Promise<void> {
  const file = await readPostmasterFile(data);
  if (file === undefined) return;
  const found = await findProcess(file.pid);
  if (found === undefined) return; // PostgreSQL itself clears the file of a dead server.
  if (!isPostmasterOf(found, data)) return disarmStaleFile(data);
  log(`stopping a PostgreSQL (process ${file.pid}) that was left behind in ${data}`);
  await stopPostmaster(found);
}

/** Was this process started as the server of this folder? A pid alone proves nothing: numbers are used again. */
export function isPostmasterOf(info: ProcessInfo, data: string): boolean {
  const program = basename(info.argv[0] ?? '');
  const folder = info.argv[info.argv.indexOf('-D') + 1];
  return program === 'postgres' && info.argv.includes('-D') && folder === data;
}

/** Fast shutdown, then immediate, then the kernel's. A server stopped the hard way recovers from its log at the next start. */
export async function stopPostmaster(info: ProcessInfo): Promise<void> {
  for (const [signal, timeout_ms] of [['SIGINT', FAST_STOP_MS], ['SIGQUIT', IMMEDIATE_STOP_MS], ['SIGKILL', IMMEDIATE_STOP_MS]] as const) {
    try {
      process.kill(info.pid, signal);
    } catch {
      return; // Gone between the look and the signal.
    }
    if (await waitForProcessEnd(info, timeout_ms)) return;
  }
}

/**
 * PostgreSQL would refuse to start while the pid in the file exists, whoever it belongs to. The number is replaced instead of
 * removing the file, because its other lines let PostgreSQL check that no old backend still holds the shared memory.
 */
async function disarmStaleFile(data: string): Promise<void> {
  const path = join(data, 'postmaster.pid');
  const [, ...rest] = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, [String(IMPOSSIBLE_PID), ...rest].join('\n'));
}
