import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { findProcess } from '../postgres/process-table.ts';

/** Linux's file system in memory: there a database is copied in a tenth of the time, and nothing waits for a disk. */
const MEMORY = '/dev/shm';
/** A whole run holds under 1 GB at a time. Containers often have 64 MB there. */
const NEEDED_BYTES = 4 * 1024 ** 3;
const PREFIX = 'countersign-test-';

export interface Scratch {
  folder: string;
  /** Removes the folder with all that the tests left in it. */
  remove(): Promise<void>;
}

/** A folder for what a test run throws away: in memory where there is room, else on the disk. */
export async function makeScratch(memory = MEMORY): Promise<Scratch> {
  await removeLeftovers(memory);
  if (!await isRoomy(memory)) return makeScratchOnDisk();
  const inMemory = await makeScratchIn(memory);
  if (await runsPrograms(inMemory.folder)) return inMemory;
  await inMemory.remove();
  return makeScratchOnDisk();
}

/** For measurements of what waits for a disk. */
export function makeScratchOnDisk(): Promise<Scratch> {
  return makeScratchIn(tmpdir());
}

/** Whether the folder is one that a test run made: what it starts needs no second one. */
export function isScratch(folder: string): boolean {
  return basename(folder).startsWith(PREFIX);
}

/** Of runs that were killed: nobody else would give that memory back. */
async function removeLeftovers(memory: string): Promise<void> {
  for (const name of await readdir(memory).catch(() => [])) {
    const pid = Number(/^countersign-test-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && await findProcess(pid) === undefined) await rm(join(memory, name), { recursive: true, force: true });
  }
}

async function isRoomy(path: string): Promise<boolean> {
  if (freemem() < NEEDED_BYTES) return false;
  return statfs(path).then(({ bavail, bsize }) => bavail * bsize >= NEEDED_BYTES, () => false);
}

/** PostgreSQL may run as another user than this one, and must get through. */
async function makeScratchIn(parent: string): Promise<Scratch> {
  const folder = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
  await chmod(folder, 0o755);
  // Processes of the tests that are just ending may still write.
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }) };
}

/** Some mount it without the right to execute, which tests of built programs need. */
async function runsPrograms(folder: string): Promise<boolean> {
  const program = join(folder, 'may-run');
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
  const runs = await promisify(execFile)(program).then(() => true, () => false);
  await rm(program);
  return runs;
}
