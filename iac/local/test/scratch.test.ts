import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { isScratch, makeScratch, makeScratchOnDisk } from './scratch.ts';

it('the temporary files of this very test lie in a folder of the run', () => {
  expect(isScratch(tmpdir())).toBe(true);
});

it('is open to a PostgreSQL that runs as somebody else, and goes with what lies in it', async () => {
  const scratch = await makeScratchOnDisk();
  expect((await stat(scratch.folder)).mode & 0o777).toBe(0o755);
  await writeFile(join(scratch.folder, 'left'), '');
  await scratch.remove();
  expect(await readdir(tmpdir())).not.toContain(basename(scratch.folder));
});

it('is on the disk where there is no memory to be had', async () => {
  const scratch = await makeScratch('/dev/no-such-place');
  expect(dirname(scratch.folder)).toBe(tmpdir());
  await scratch.remove();
});

it('gives back what a killed run held, and leaves alone what a running one holds', async () => {
  const memory = await mkdtemp(join(tmpdir(), 'memory-'));
  const { stdout: pidOfAnEndedOne } = await promisify(execFile)(process.execPath, ['-p', 'process.pid']);
  const [left, held, other] = [`countersign-test-${pidOfAnEndedOne.trim()}-a`, `countersign-test-${process.pid}-b`, 'of-somebody-else'];
  for (const name of [left, held, other]) await mkdir(join(memory, name));
  const scratch = await makeScratch(memory);
  await scratch.remove();
  expect((await readdir(memory)).sort()).toEqual([held, other]);
});
