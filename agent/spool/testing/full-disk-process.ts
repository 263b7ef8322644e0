import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpoolError } from '../errors.ts';
import { openForTest } from './open-for-test.ts';

/**
 * Run by a test on a small file system of its own (`argv[2]`): an order is taken, something else fills the disk, the order ends, and later there is
 * room again. Says what happened as one line of JSON.
 */
const mount = process.argv[2]!;
const spool = await openForTest(join(mount, 'state'), { limit_bytes: 1024 ** 3, reserve_bytes: 1024 * 1024 });
await spool.commit((tx) => tx.takeOrder({ id: 'ord_1', step_id: 's', fence: 1, envelope_sha256: '', begin_before: '' }));
const openBefore = spool.room().open;

const others = join(mount, 'somebody-elses');
fill(others);
let written = 0;
const append = async (): Promise<void> => {
  written = await spool.append('agent.stopped', { reason: 'o'.repeat(100_000) });
};
await append();
await append();
const openWhileFull = spool.room().open;
const refusedWith = await untilRefused();

rmSync(others);
const openAgain = spool.room().open;
spool.close();
const again = await openForTest(join(mount, 'state'), { limit_bytes: 1024 ** 3, reserve_bytes: 1024 * 1024 });
const { entries } = again.undelivered(1000, 1e9);
await again.delivered(entries.at(-1)!.seq, entries.at(-1)!.hash);
process.stdout.write(`${JSON.stringify({ openBefore, openWhileFull, refusedWith, openAgain, written, delivered: entries.length, openAfterwards: again.room().open })}\n`);

async function untilRefused(): Promise<string> {
  try {
    for (;;) await append();
  } catch (error) {
    return error instanceof SpoolError ? error.code : String(error);
  }
}

/** Until the last block is taken. */
function fill(file: string): void {
  for (const size of [64 * 1024, 4096, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size, 1), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
