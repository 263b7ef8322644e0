import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { baseEnvironment } from '../config.ts';
import { CellError } from '../cell/errors.ts';
import { kernelSockets } from './kernel-sockets.ts';
import type { NamespaceCommand } from './namespace.ts';

/** What the process in the namespace is told. The ports are its own: nothing else listens there. */
export interface ConfinedOrder {
  readonly databasePort: number;
  readonly databaseSocket: string;
  readonly proxyPort: number;
  readonly proxySocket: string;
  /** Places that exist outside, or are everybody's, and must not be reached. */
  readonly elsewhere: ReadonlyArray<{ readonly host: string; readonly port: number }>;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the worker's log goes. */
  readonly logFile: string;
}

export interface ConfinedReady {
  readonly ready: true;
  readonly workerPid: number;
  readonly reachable: readonly string[];
  readonly unreachable: readonly string[];
}

export interface ConfinedReport {
  readonly databaseConnections: number;
  readonly proxyConnections: number;
  /** TCP connections that the kernel saw begin in the namespace since the worker started. */
  readonly begun: number;
}

export interface ConfinedWorker extends ConfinedReady {
  /** Sockets in the worker's namespace that lead neither to the database nor to the proxy, over the whole run. */
  otherSockets(): readonly string[];
  /** Stops the worker. */
  end(): Promise<ConfinedReport>;
}

const SAMPLE_MS = 100;

/** Starts a worker that can reach its database and one proxy, and watches its sockets from outside. */
export async function startConfinedWorker(namespace: NamespaceCommand, order: ConfinedOrder): Promise<ConfinedWorker> {
  const log = openSync(order.logFile, 'a', 0o600);
  const child = spawn(namespace.command, [...namespace.args, process.execPath, path.join(import.meta.dirname, 'confined-main.ts')], { env: baseEnvironment(), stdio: ['ignore', log, 'inherit', 'ipc'] });
  closeSync(log);
  const exit = once(child, 'exit');
  const message = async <T>(): Promise<T> => {
    const [answer] = await Promise.race([once(child, 'message'), exit.then(() => { throw new CellError('process_did_not_start', 'The confined worker ended; what it said stands above.'); })]) as [T];
    return answer;
  };
  child.send(order);
  const ready = await message<ConfinedReady>();
  const others = new Set<string>();
  const sample = (): void => {
    for (const socket of strayingSockets(ready.workerPid, new Set([order.databasePort, order.proxyPort]))) others.add(socket);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    ...ready,
    otherSockets: () => [...others],
    async end() {
      sample();
      clearInterval(timer);
      child.send({ end: true });
      const report = await message<ConfinedReport>();
      await exit;
      return report;
    },
  };
}

/** As the kernel shows them for the worker's namespace; connections that ended stay in the table for a minute. */
function strayingSockets(pid: number, doors: ReadonlySet<number>): string[] {
  const tcp = kernelSockets(pid)
    .filter(({ state, localPort, remotePort }) => (state === 'listening' ? !doors.has(localPort) : !doors.has(localPort) && !doors.has(remotePort)))
    .map(({ localAddress, localPort, remoteAddress, remotePort }) => `tcp ${localAddress}:${localPort} -> ${remoteAddress}:${remotePort}`);
  const rest = ['udp', 'udp6', 'raw', 'raw6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'latin1').trim().split('\n').slice(1).map((row) => `${table} ${row.trim()}`));
  return [...tcp, ...rest];
}
