import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 300_000;

/** The file of a program on `path` that may be run, or undefined. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    if (await access(file, constants.X_OK).then(() => true, () => false)) return file;
  }
  return undefined;
}

/** The apt-get of a Debian on which we may install; undefined elsewhere. */
export async function usableAptGet(path: string): Promise<string | undefined> {
  return process.getuid?.() === 0 ? findProgram('apt-get', path) : undefined;
}

/** Installs a package of Debian's. Rejects with what apt-get failed with: see `lastLine`. */
export async function installPackage(aptGet: string, name: string): Promise<void> {
  // DPkg::Lock::Timeout waits for another apt on the machine instead of failing on its lock.
  const options = ['-y', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0'];
  await runQuietly([aptGet, 'update', ...options]);
  await runQuietly([aptGet, 'install', '--no-install-recommends', ...options, name]);
}

async function runQuietly(command: readonly string[]): Promise<void> {
  await run('env', ['DEBIAN_FRONTEND=noninteractive', ...command], { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
}

/** The last line that a command said before it failed. */
export function lastLine(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  return (stderr || String(error)).split('\n').at(-1) ?? '';
}
