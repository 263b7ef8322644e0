import { open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { spoolOptionsOf } from '../../config/spool-options.ts';
import { inspectSpool } from '../../spool/inspect-spool.ts';
import { ill, well } from '../finding.ts';
import type { Examined, Seen } from '../finding.ts';

const MIB = 1024 * 1024;

/** Whether the disk has room for what the spool may hold, and takes what is written. */
export async function disk({ config, running }: Examined): Promise<Seen> {
  const { state_dir, spool } = config;
  const damage = running === null ? await damageOf(config) : running.spool.state === 'damaged' ? 'see the log' : null;
  if (damage !== null) {
    const file = join(state_dir, 'spool.db');
    return ill(`the spool is damaged: ${damage}`, `Nothing of it is deleted. Keep ${file} for looking at, see whether the disk is well (dmesg), and enrol again with an empty state_dir.`);
  }
  if (running !== null && running.spool.state === 'full') {
    const { bytes, limit_bytes } = running.spool;
    return ill(`the spool is full: ${mib(bytes)} of ${mib(limit_bytes)}`, 'It empties itself when the cell can be reached. Else raise spool.limit_bytes, or make room on the disk.');
  }
  const folder = await existing(state_dir);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const isThere = folder === state_dir;
  const taken = isThere ? await sizeOf(join(state_dir, 'spool.db')) + await sizeOf(join(state_dir, 'spool.reserve')) : 0;
  const wanted = spool.limit_bytes + spool.reserve_bytes - taken;
  if (free < wanted) {
    return ill(`the disk of ${state_dir} has ${mib(free)} left, and the spool may still take ${mib(wanted)}`, 'Make room there, put state_dir on a larger disk, or lower spool.limit_bytes.');
  }
  const refusal = isThere ? await writeRefusal(state_dir) : null;
  if (refusal !== null) {
    return ill(`the disk of ${state_dir} does not take what is written (${refusal})`, 'See whether it is mounted read-only, over a quota, or broken (dmesg).');
  }
  return well(`${mib(free)} left; the spool may still take ${mib(wanted)}`);
}

/** As the agent reads it when it starts; null: it is whole, or there is none yet. */
async function damageOf(config: Examined['config']): Promise<string | null> {
  const { state, problem } = await inspectSpool(spoolOptionsOf(config));
  return state === 'damaged' ? problem?.message ?? '' : null;
}

/** The folder, or the nearest one above it that is there. */
async function existing(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) if (at === dirname(at) || await stat(at).then(() => true, () => false)) return at;
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(({ size }) => size, () => 0);
}

/** Written, synced and deleted, as the spool does it. */
async function writeRefusal(folder: string): Promise<string | null> {
  const file = join(folder, 'doctor.tmp');
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.writeFile('x'.repeat(4_096));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  } finally {
    await rm(file, { force: true });
  }
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}
