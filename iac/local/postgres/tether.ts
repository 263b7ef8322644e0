import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CHILD_ENV } from './identity.ts';

const run = promisify(execFile);

/**
 * What to put before a command so that the kernel shuts it down (SIGINT: PostgreSQL's fast shutdown) when this process is gone,
 * however it went: nothing is left behind even by `kill -9`. Empty where the machine cannot do that; the next start on the
 * same folder then stops what was left. Source: prctl(2), PR_SET_PDEATHSIG; it has to come after every change of user.
 */
export async function tether(): Promise<string[]> {
  const prefix = ['setpriv', '--pdeathsig', 'INT', '--'];
  const [program = '', ...args] = [...prefix, 'true'];
  return run(program, args, { env: CHILD_ENV, cwd: '/' }).then(() => prefix, () => []);
}
