import { execFile } from 'node:child_process';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { productionEnvironment } from './config.ts';

const VITE = join(createRequire(import.meta.url).resolve('vite/package.json'), '../bin/vite.js');
const WEB = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'];

/** Builds the console unless `dist` is newer than everything that it is made of. Vitest calls this once, before the browser tests. */
export async function buildConsole(): Promise<void> {
  const built_ms = await stat(join(WEB, 'dist/index.html')).then(({ mtimeMs }) => mtimeMs, () => 0);
  if (built_ms > await newest(SOURCES.map((path) => join(WEB, path)))) return;
  // In a process of its own: in this one NODE_ENV is `test`, which would build React's development version into what is served.
  const fresh = join(WEB, '../.cache', `console-${process.pid}`);
  await promisify(execFile)(process.execPath, [VITE, 'build', '--outDir', fresh, '--emptyOutDir'], { cwd: WEB, env: productionEnvironment() });
  await putInPlace(fresh);
}

/** Test files run side by side and may all find the build too old: whoever comes last finds another's in place, which is the same. */
async function putInPlace(fresh: string): Promise<void> {
  const dist = join(WEB, 'dist');
  await rename(dist, `${fresh}-before`).catch(() => undefined);
  await rename(fresh, dist).catch(() => undefined);
  await Promise.all([fresh, `${fresh}-before`].map((folder) => rm(folder, { recursive: true, force: true })));
}

async function newest(paths: string[]): Promise<number> {
  const times = await Promise.all(paths.map(async (path) => {
    const found = await stat(path);
    if (!found.isDirectory()) return found.mtimeMs;
    const entries = await readdir(path);
    return newest(entries.map((entry) => join(path, entry)));
  }));
  return Math.max(0, ...times);
}
