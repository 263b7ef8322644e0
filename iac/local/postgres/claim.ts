import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { PostgresStartError } from './errors.ts';
import { findProcess } from './process-table.ts';

interface Claim {
  pid: number;
  startedAt: string;
}

/**
 * Marks a data folder as supervised by this process, so that a second start does not take a living server for an orphan.
 * A claim of a process that is gone (killed, machine restarted) is taken over.
 * @returns a function that gives the claim back
 * @throws PostgresStartError `postgres_already_running`
 */
export async function claimFolder(claimPath: string, dataDir: string): Promise<() => Promise<void>> {
  const self = await findProcess(process.pid);
  const claim: Claim = { pid: process.pid, startedAt: self?.startedAt ?? 'unknown' };
  if (!(await createClaim(claimPath, claim))) {
    const holder = await readClaim(claimPath);
    if (holder && (await isAlive(holder))) {
      throw new PostgresStartError(
        'postgres_already_running',
        `Another Countersign (process ${holder.pid}) already runs the database in ${dataDir}. Stop it first, or use another data folder.`,
      );
    }
    await replaceClaim(claimPath, claim);
  }
  return () => rm(claimPath, { force: true });
}

async function createClaim(path: string, claim: Claim): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(claim), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function replaceClaim(path: string, claim: Claim): Promise<void> {
  const staged = `${path}.${process.pid}`;
  await writeFile(staged, JSON.stringify(claim), { mode: 0o600 });
  await rename(staged, path);
}

/** Undefined for a claim whose writer was killed while it wrote. */
async function readClaim(path: string): Promise<Claim | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return undefined;
    return typeof value.pid === 'number' && typeof value.startedAt === 'string' ? { pid: value.pid, startedAt: value.startedAt } : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(claim: Claim): Promise<boolean> {
  const info = await findProcess(claim.pid);
  return info !== undefined && info.startedAt === claim.startedAt;
}
