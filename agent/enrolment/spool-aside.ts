import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openExisting, PROMISED_BYTES_PER_ORDER } from '../spool/open-spool.ts';

/** SQLite's log of what is not in the file yet, and its index. */
const LOG_ENDINGS = ['-wal', '-shm'];

/**
 * What an agent had to deliver can be delivered by that agent alone: for another one it is kept, beside, for people. What is in the log is worked into the
 * file first, so that one rename moves all of it and no log of the old one is left for the new.
 *
 * @throws SpoolError `spool_in_use` the agent runs
 */
export async function putSpoolAside(state_dir: string, agentId: string, key_file?: string): Promise<void> {
  const isWhole = await workedIn(state_dir, key_file);
  const [from, to] = [join(state_dir, 'spool.db'), join(state_dir, `spool-${agentId}.db`)];
  await moved(from, to);
  for (const ending of LOG_ENDINGS) await (isWhole ? rm(from + ending, { force: true }) : moved(from + ending, to + ending));
}

/** What is damaged, or has lost its key, is moved as it is. */
async function workedIn(folder: string, key_file: string | undefined): Promise<boolean> {
  const options = { folder, ...(key_file === undefined ? {} : { key_file }), limit_bytes: Number.MAX_SAFE_INTEGER, reserve_bytes: 0, promised_bytes_per_order: PROMISED_BYTES_PER_ORDER };
  try {
    (await openExisting({ ...options, clock: { now: () => new Date(), offset_ms: () => 0 } })).close();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'spool_in_use') throw error;
    return false;
  }
}

async function moved(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
