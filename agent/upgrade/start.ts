import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { UpgradeError } from './errors.ts';

/** A program that does not answer in this time does not work. */
const SELF_TEST_MS = 15_000;

/**
 * Starts a release that was checked, to see whether it can be started here at all and is what it says. It is given nothing: no settings, no environment.
 * @throws UpgradeError `self_test_failed`
 */
export async function selfTestOf(file: string, version: string): Promise<void> {
  const said = await new Promise<string>((resolve, reject) => {
    execFile(file, ['version', '--self-test'], { cwd: dirname(file), env: {}, timeout: SELF_TEST_MS, killSignal: 'SIGKILL', maxBuffer: 100_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new UpgradeError('self_test_failed', `The release could not be started: ${(stderr.trim() || error.message).slice(0, 500)}`, { cause: error }));
    });
  });
  if (!said.split(/\s/).includes(version)) throw new UpgradeError('self_test_failed', `The release does not call itself ${version}: ${said.slice(0, 200)}`);
}

/** Becomes `file`: the same process, with the same arguments and environment. Does not return. */
export function become(file: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): never {
  return process.execve!(file, [file, ...args], Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)));
}
