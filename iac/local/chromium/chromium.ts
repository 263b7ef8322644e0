import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram, installPackage, lastLine, usableAptGet } from '../debian/apt.ts';
import { searchPath } from './config.ts';
import { ChromiumError } from './errors.ts';

const run = promisify(execFile);

const PROGRAM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/**
 * The path of a Chromium that runs: one on PATH, else Debian's package, installed when we are root and may.
 * @throws ChromiumError
 */
export async function ensureChromium(log: (message: string) => void, path = searchPath()): Promise<string> {
  const found = await findChromium(path);
  if (found !== undefined) return found;
  const aptGet = await usableAptGet(path);
  if (aptGet === undefined) throw missing();
  log('installing Chromium with apt-get');
  await installChromium(aptGet);
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

async function installChromium(aptGet: string): Promise<void> {
  await installPackage(aptGet, 'chromium').catch((cause: unknown) => {
    throw new ChromiumError(
      'chromium_install_failed',
      `Chromium could not be installed with apt-get (${lastLine(cause)}). Install it yourself ("apt-get install chromium") and start the tests again, ` +
        'or leave the browser tests out: npm test -- --only unit, db or cell.',
      cause,
    );
  });
}

function missing(): ChromiumError {
  return new ChromiumError(
    'chromium_missing',
    'The browser tests need Chromium, and there is none on PATH. Install it ("apt-get install chromium" on Debian), ' +
      'or leave them out: npm test -- --only unit, db or cell.',
  );
}
