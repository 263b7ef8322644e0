import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { baseEnvironment, ROOT } from '../config.ts';
import { CellError } from './errors.ts';

const DIST = path.join(ROOT, 'web/dist');
const STAMP = '.source-digest';
const NOT_SOURCE = new Set(['dist', 'node_modules', 'testing']);

/** Builds the console when its sources have changed since it was last built. @returns the folder to serve */
export async function ensureConsole(say: (line: string) => void, interrupted: AbortSignal): Promise<string> {
  const digest = await digestOfSources();
  if ((await readFile(path.join(DIST, STAMP), 'utf8').catch(() => '')) === digest) return DIST;
  say('building the console (once, until its sources change)');
  const fresh = path.join(ROOT, '.cache', `console-${process.pid}`);
  // Tests start cells, too, and what their runner says of its mode would build React's development version.
  const { NODE_ENV: _mode, VITEST: _runner, ...environment } = baseEnvironment();
  try {
    await promisify(execFile)(process.execPath, [path.join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error', '--outDir', fresh, '--emptyOutDir'], { cwd: path.join(ROOT, 'web'), env: environment, signal: interrupted });
  } catch (cause) {
    if (interrupted.aborted) throw new CellError('interrupted', 'Stopped while the console was being built.', { cause });
    throw new CellError('console_build_failed', `The console could not be built: ${(cause as Error).message}`, { cause });
  }
  await writeFile(path.join(fresh, STAMP), digest);
  await putInPlace(fresh);
  return DIST;
}

/** Built beside and renamed: a console that is being served meanwhile is never half there. */
async function putInPlace(fresh: string): Promise<void> {
  const before = `${fresh}-before`;
  await rename(DIST, before).catch(() => undefined);
  await rename(fresh, DIST);
  await rm(before, { recursive: true, force: true });
}

async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [...await filesBelow(path.join(ROOT, 'web')), ...await filesBelow(path.join(ROOT, 'contracts')), path.join(ROOT, 'package-lock.json')]) {
    hash.update(path.relative(ROOT, file)).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => !NOT_SOURCE.has(entry.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const nested = await Promise.all(entries.map((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(file) : [file];
  }));
  return nested.flat();
}
