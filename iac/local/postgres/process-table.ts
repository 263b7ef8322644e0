import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A running process. `startedAt` is opaque: the same pid with another value is another process. */
export interface ProcessInfo {
  pid: number;
  startedAt: string;
  argv: string[];
}

/** Looks a process up by pid. Ended ones that nobody has reaped yet (zombies) count as gone. */
export async function findProcess(pid: number): Promise<ProcessInfo | undefined> {
  return process.platform === 'linux' ? findInProc(pid) : findWithPs(pid);
}

/** Resolves to true once the process is gone, to false when it is still there after `timeout_ms`. */
export async function waitForProcessEnd(info: ProcessInfo, timeout_ms: number): Promise<boolean> {
  const deadline = Date.now() + timeout_ms;
  while (Date.now() < deadline) {
    const now = await findProcess(info.pid);
    if (now === undefined || now.startedAt !== info.startedAt) return true;
    await delay(20);
  }
  return false;
}

async function findInProc(pid: number): Promise<ProcessInfo | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything, so fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return { pid, startedAt: `${await bootId()}:${startTicks}`, argv: commandLine.split('\0').filter((part) => part !== '') };
  } catch {
    return undefined;
  }
}

/** Start times count from boot, so a recorded one only means something together with the boot it was taken in. */
async function bootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((id) => id.trim(), () => 'unknown-boot');
}

async function findWithPs(pid: number): Promise<ProcessInfo | undefined> {
  try {
    const { stdout } = await run('ps', ['-p', String(pid), '-o', 'stat=,lstart=,command='], { env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' } });
    const match = /^\s*(\S+)\s+(\w+ \w+ +\d+ [\d:]+ \d+)\s+(.*)$/.exec(stdout.trimEnd());
    if (!match || match[1]?.startsWith('Z')) return undefined;
    return { pid, startedAt: match[2] ?? '', argv: (match[3] ?? '').split(' ') };
  } catch {
    return undefined;
  }
}
