import { rename } from 'node:fs/promises';
import { join } from 'node:path';

/** The journal belongs to the file: without it the last commits would be gone. */
const ENDINGS = ['', '-wal', '-shm'];

/** What an agent had to deliver can be delivered by that agent alone: for another one it is kept, beside, for people. */
export async function putSpoolAside(state_dir: string, agentId: string): Promise<void> {
  for (const ending of ENDINGS) {
    await rename(join(state_dir, `spool.db${ending}`), join(state_dir, `spool-${agentId}.db${ending}`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}
