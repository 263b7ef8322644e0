import { spawn } from 'node:child_process';
import { SecretError } from './errors.ts';

const MAX_BYTES = 64 * 1024;

/**
 * What a program says on its standard output, without the last line break. No shell; it gets PATH and HOME of the environment and nothing else, so that
 * no secret of the agent is handed on. What it says on its standard error is not kept: nobody knows what is in it. One that takes too long or says too
 * much ends, with all that it has started itself.
 *
 * @throws SecretError `secret_command_failed`
 */
export function outputOf([program, ...args]: readonly string[], timeout_ms: number, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // The leader of a group, by which its children are reached.
  const child = spawn(program!, args, { detached: true, windowsHide: true, env: { PATH: env.PATH, HOME: env.HOME }, stdio: ['ignore', 'pipe', 'ignore'] });
  const said: Buffer[] = [];
  let size = 0;
  const failed = (why: string): void => {
    clearTimeout(timer);
    endGroup(child.pid);
    child.stdout.destroy();
    reject(new SecretError('secret_command_failed', `The program ${program!} of a credential ${why}. Run it by hand as the agent's user.`));
  };
  const timer = setTimeout(() => failed(`did not end within ${timeout_ms} ms`), timeout_ms);
  child.once('error', (error: NodeJS.ErrnoException) => failed(`could not be started (${String(error.code)})`));
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BYTES) failed(`said more than ${MAX_BYTES} bytes`);
    else said.push(chunk);
  });
  child.once('close', (code, signal) => {
    if (code !== 0) return failed(`ended with ${code ?? signal ?? 'nothing'}`);
    clearTimeout(timer);
    resolve(Buffer.concat(said).toString('utf8').replace(/\r?\n$/, ''));
  });
  return promise;
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // All of it has ended already; or what is left of it runs as somebody else, such as under sudo, and is not ours to end.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
