import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { baseEnvironment } from '../config.ts';
import type { SsrfFigures } from './attack-plan.ts';
import { judge } from './judge.ts';
import { findNamespace } from './namespace.ts';

/** The whole proof where a network namespace can be had, else the part that needs none; `not_run` says which it was. */
export async function proveEgress(rebinds: number): Promise<SsrfFigures> {
  const namespace = await findNamespace();
  if ('unavailable' in namespace) {
    const figures = await judge({ namespaced: false, rebinds });
    return { ...figures, not_run: [...figures.not_run, namespace.unavailable] };
  }
  const { stdout } = await promisify(execFile)(namespace.command, [...namespace.args, process.execPath, path.join(import.meta.dirname, 'judge-main.ts'), String(rebinds)], { env: baseEnvironment(), maxBuffer: 1024 * 1024 });
  return JSON.parse(stdout) as SsrfFigures;
}
