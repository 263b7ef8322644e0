import { execFile } from 'node:child_process';
import type { OpaConfig } from './config.ts';

/** The version that the `opa` at `path` (or on PATH) says it has; null where none runs. */
export function opaVersionAt(path: string, config: OpaConfig): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(path, ['version'], { env: config.childEnvironment({}), timeout: 20_000 }, (error, stdout) => {
      resolve(error ? null : (/^Version: (\d+\.\d+\.\d+)\s*$/m.exec(stdout)?.[1] ?? null));
    });
  });
}
