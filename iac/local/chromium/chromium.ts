import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { searchPath } from './config.ts';
import { ChromiumError } from './errors.ts';

const run = promisify(execFile);

const PROGRAM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * The path of a Chromium that runs: one on PATH, else Debian's package, installed when we are root and may.
 * @throws ChromiumError
 */
export async function ensureChromium(log: (message: string) => void, path = searchPath()): Promise<string> {
  const found = await findChromium(path);
  if (found !== undefined) return found;
  const aptGet = await findProgram('apt-get', path);
  if (process.getuid?.() !== 0 || aptGet === undefined) throw missing();
  log('installing Chromium with apt-get');
  await installWithApt(aptGet);
  const installed = await findChromium(path);
  if (installed === undefined) throw missing();
  return installed;
}

/** The file of a Chromium on PATH that answers to --version, or undefined. */
export async function findChromium(path = searchPath()): Promise<string | undefined> {
  for (const name of PROGRAM_NAMES) {
    const file = await findProgram(name, path);
    // Ubuntu's chromium-browser is a script that only asks for a snap, so being there is not enough.
    if (file !== undefined && (await run(file, ['--version'], { timeout: 20_000 }).then(() => true, () => false))) return file;
  }
  return undefined;
}

async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    if (await access(file, constants.X_OK).then(() => true, () => false)) return file;
  }
  return undefined;
}

async function installWithApt(aptGet: string): Promise<void> {
  // DPkg::Lock::Timeout waits for another apt on the machine instead of failing on its lock.
  const options = ['-y', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0'];
  try {
    await runQuietly([aptGet, 'update', ...options]);
    await runQuietly([aptGet, 'install', '--no-install-recommends', ...options, 'chromium']);
  } catch (cause) {
    throw new ChromiumError(
      'chromium_install_failed',
      `Chromium could not be installed with apt-get (${lastLine(cause)}). Install it yourself ("apt-get install chromium") and start the tests again, ` +
        'or leave the browser tests out: npm test -- --only unit, db or cell.',
      cause,
    );
  }
}

async function runQuietly(command: readonly string[]): Promise<void> {
  await run('env', ['DEBIAN_FRONTEND=noninteractive', ...command], { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
}

function missing(): ChromiumError {
  return new ChromiumError(
    'chromium_missing',
    'The browser tests need Chromium, and there is none on PATH. Install it ("apt-get install chromium" on Debian), ' +
      'or leave them out: npm test -- --only unit, db or cell.',
  );
}

function lastLine(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : '';
  return (stderr || String(error)).split('\n').at(-1) ?? '';
}
