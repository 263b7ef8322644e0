import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
/** Mounts a small file system that nobody else sees: as root, or as root of a user namespace. */
const NAMESPACES = [['--mount'], ['--user', '--map-root-user', '--mount']];

it('a full disk stops new work and loses nothing: what is under way is told from what was put aside, and all is delivered when there is room', async () => {
  const mount = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const script = `mount -t tmpfs -o size=6m,mode=700 none ${mount} && exec "$0" --disable-warning=ExperimentalWarning "$1" ${mount}`;
  const tried = await Promise.all(NAMESPACES.map((args) => run('unshare', [...args, 'sh', '-c', script, process.execPath, join(import.meta.dirname, 'testing/full-disk-process.ts')]).catch((error: unknown) => error as { stdout?: string; stderr?: string })));
  const answers = tried.map(({ stdout = '' }) => stdout.trim()).filter((stdout) => stdout !== '');
  expect(answers, `a mount namespace is needed: ${tried.map(({ stderr }) => stderr).join('; ')}`).not.toHaveLength(0);
  const seen = JSON.parse(answers[0]!) as Record<string, unknown>;
  expect(seen).toMatchObject({ openBefore: true, openWhileFull: false, refusedWith: 'spool_full', openAgain: true, openAfterwards: true });
  expect(seen.written).toBeGreaterThanOrEqual(2);
  expect(seen.delivered).toBe(seen.written);
});
