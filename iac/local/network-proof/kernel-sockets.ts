import { readFileSync } from 'node:fs';

/** One TCP socket as the kernel shows it. */
export interface KernelSocket {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: 'listening' | 'other';
}

const LISTEN = '0A';

/**
 * The TCP sockets of a network namespace, those that are closing included (proc(5), /proc/net/tcp).
 * @param process whose namespace; `self` for ours
 */
export function kernelSockets(process: number | 'self' = 'self'): readonly KernelSocket[] {
  return ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${process}/net/${table}`, 'latin1').trim().split('\n').slice(1).map(readRow));
}

/** How many TCP connections were begun in a network namespace since it is there, whatever became of them (RFC 4022, tcpActiveOpens). */
export function connectionsBegun(process: number | 'self' = 'self'): number {
  const [names = [], values = []] = readFileSync(`/proc/${process}/net/snmp`, 'latin1').split('\n').filter((line) => line.startsWith('Tcp:')).map((line) => line.split(' '));
  return Number(values[names.indexOf('ActiveOpens')]);
}

function readRow(line: string): KernelSocket {
  const [, local = '', remote = '', state] = line.trim().split(/\s+/);
  const [localAddress, localPort] = readEndpoint(local);
  const [remoteAddress, remotePort] = readEndpoint(remote);
  return { localAddress, localPort, remoteAddress, remotePort, state: state === LISTEN ? 'listening' : 'other' };
}

/** `0100007F:1F90` -> 127.0.0.1, 8080. Each 32-bit word is in the machine's order, which is little-endian wherever we run. */
function readEndpoint(text: string): [string, number] {
  const [hex = '', port = '0'] = text.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  return [bytes.length === 4 ? bytes.join('.') : v6Text(bytes), Number.parseInt(port, 16)];
}

function v6Text(bytes: readonly number[]): string {
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
