import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { OutageError } from './errors.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import type { OutageCell } from './outage.ts';
import type { SmallDiskFigures } from './small-disk-main.ts';

export interface SmallDiskReport extends Verdict, Omit<SmallDiskFigures, 'agent_id' | 'written'> {
  readonly disk_mib: number;
  readonly delivered: number;
}

const run = promisify(execFile);
const DISK_MIB = 24;
/** Of every finding and outcome, which is two in five entries: 1,000 of them are more than the disk holds. */
const PLAN = { entries: 1_000, content_bytes: 64_000, kills: 3 };
/** As root, or as root of a user namespace where the kernel lets everybody make one. */
const NAMESPACES = [['--mount'], ['--user', '--map-root-user', '--mount']];
const OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * An agent on a file system of 24 MiB that nobody else sees, which fills up: by somebody else first, then by its own entries while the cable is out.
 * @throws OutageError `no_mount_namespace`, `agent_failed`
 */
export async function smallDisk(cell: OutageCell, folder: string, seed: string): Promise<SmallDiskReport> {
  const mount = await mkdtemp(path.join(folder, 'disk-'));
  const script = `mount -t tmpfs -o size=${DISK_MIB}m,mode=700 none ${mount} && exec "$0" --disable-warning=ExperimentalWarning "$1" "$2"`;
  const options = JSON.stringify({ ...PLAN, seed, mount, url: cell.url.href, token: await cell.token() });
  try {
    const { stdout } = await run('unshare', [...await mountNamespace(), 'sh', '-c', script, process.execPath, path.join(import.meta.dirname, 'small-disk-main.ts'), options], { maxBuffer: OUTPUT_BYTES });
    const { agent_id, written, ...figures } = JSON.parse(stdout) as SmallDiskFigures;
    const held = await cell.delivered(agent_id);
    return { disk_mib: DISK_MIB, ...figures, delivered: held.entries.length, ...judge(new Map(written), held, await cell.audited(agent_id, held.entries.length)) };
  } catch (error) {
    if (error instanceof OutageError) throw error;
    throw new OutageError('agent_failed', `On the small disk: ${(error as { stderr?: string }).stderr?.slice(-2_000) ?? String(error)}`, { cause: error });
  } finally {
    await rm(mount, { recursive: true, force: true });
  }
}

async function mountNamespace(): Promise<readonly string[]> {
  for (const args of NAMESPACES) {
    if (await run('unshare', [...args, 'true']).then(() => true, () => false)) return args;
  }
  throw new OutageError('no_mount_namespace', 'A small disk of its own needs Linux, and root or user namespaces, and the command unshare (util-linux).');
}
