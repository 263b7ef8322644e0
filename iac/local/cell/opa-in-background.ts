import { spawn } from 'node:child_process';
import path from 'node:path';
import { baseEnvironment, ROOT } from '../config.ts';

/**
 * Sees to `opa` while the cell already runs: the seeded policies need only their compiled WASM, so nobody waits for it.
 * It runs at the lowest priority. @returns stops it
 */
export function installOpaInBackground(say: (line: string) => void): () => void {
  const child = spawn('nice', ['-n', '19', process.execPath, path.join(ROOT, 'iac/local/opa.ts')], { cwd: ROOT, env: baseEnvironment(), stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n').filter((part) => part.trim() !== '')) say(line);
  });
  child.on('error', () => undefined); // no `nice` here: opa is then seen to by `npm run setup:opa`
  return () => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // it has just ended
    }
  };
}
