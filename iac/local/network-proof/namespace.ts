import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** A command that runs another one in a network namespace of its own, so that nothing of this machine is touched. */
export interface NamespaceCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * How a network namespace is had here: as root, or as root of a user namespace where the kernel lets everybody make one.
 * @returns the reason where there is none
 */
export async function findNamespace(): Promise<NamespaceCommand | { readonly unavailable: string }> {
  if (process.platform !== 'linux') return { unavailable: `network namespaces are Linux's; this is ${process.platform}` };
  for (const args of [['--net', '--mount'], ['--user', '--map-root-user', '--net', '--mount']]) {
    const works = await promisify(execFile)('unshare', [...args, 'ip', 'link', 'set', 'lo', 'up']).then(() => true, () => false);
    if (works) return { command: 'unshare', args };
  }
  return { unavailable: 'needs root (or user namespaces) and the commands `unshare` (util-linux) and `ip` (iproute2)' };
}

/** Inside of a namespace: brings up the loopback interface. */
export function raiseLoopback(): void {
  ip('link', 'set', 'lo', 'up');
}

/**
 * Inside of a namespace: gives `addresses` to an interface, and makes every other address this machine's own, so that a connection to
 * anywhere at all is answered and seen.
 * @returns the kind of interface: a dummy where the kernel has it, else a bridge without ports, which is as good
 */
export function carryAddresses(addresses: readonly string[]): string {
  raiseLoopback();
  const kind = ['dummy', 'bridge'].find((candidate) => tried('link', 'add', 'inside0', 'type', candidate));
  const device = kind === undefined ? 'lo' : 'inside0';
  ip('link', 'set', device, 'up');
  for (const address of addresses) {
    if (address.includes(':')) ip('-6', 'addr', 'add', `${address}/128`, 'dev', device, 'nodad');
    else ip('addr', 'add', `${address}/32`, 'dev', device);
  }
  ip('route', 'add', 'local', 'default', 'dev', 'lo');
  ip('-6', 'route', 'add', 'local', 'default', 'dev', 'lo');
  return kind ?? 'loopback';
}

/** Inside of a mount namespace: makes the C library's resolver ask the server on 127.0.0.1:53. */
export function useResolver(resolvConf: string): boolean {
  try {
    execFileSync('mount', ['--bind', resolvConf, '/etc/resolv.conf'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function tried(...args: string[]): boolean {
  try {
    execFileSync('ip', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
