import { execFile } from 'node:child_process';
import { SecretError } from './errors.ts';

const MAX_BYTES = 64 * 1024;

/**
 * What a program says on its standard output, without the last line break. No shell; it gets PATH and HOME of the environment and nothing else, so that
 * no secret of the agent is handed on. What it says on its standard error is not kept: nobody knows what is in it.
 *
 * @throws SecretError `secret_command_failed`
 */
export function outputOf([program, ...args]: readonly string[], timeout_ms: number, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeout_ms, killSignal: 'SIGKILL', maxBuffer: MAX_BYTES, windowsHide: true, env: { PATH: env.PATH, HOME: env.HOME }, encoding: 'utf8' } as const;
    execFile(program!, args, options, (error, stdout) => {
      if (error === null) return resolve(stdout.replace(/\r?\n$/, ''));
      const { code, killed } = error;
      const why = String(code) === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' ? `said more than ${MAX_BYTES} bytes` : killed === true ? `did not end within ${timeout_ms} ms`
        : typeof code === 'number' ? `ended with ${code}` : `could not be started (${String(code)})`;
      reject(new SecretError('secret_command_failed', `The program ${program!} of a credential ${why}. Run it by hand as the agent's user.`));
    }).stdin?.end();
  });
}
