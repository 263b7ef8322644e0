import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** The pinned OPA's path, installing it where it is missing. A process and not an import: nobody imports iac/local. */
export async function findOpa(): Promise<string> {
  const { stdout } = await run(process.execPath, [join(ROOT, 'iac', 'local', 'opa.ts'), '--exact'], { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout.trim();
}

/** Runs OPA in the folder of the policies, so that the paths it prints and compiles in are the same on every machine. */
export async function runOpa(opa: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(opa, [...args], { cwd: import.meta.dirname, maxBuffer: MAX_OUTPUT_BYTES });
  return stdout;
}
