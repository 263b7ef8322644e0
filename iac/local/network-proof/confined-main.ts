import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { baseEnvironment, ROOT } from '../config.ts';
import type { ConfinedOrder, ConfinedReady, ConfinedReport } from './confined-worker.ts';
import { forward } from './forwarding.ts';
import { connectionsBegun } from './kernel-sockets.ts';
import { raiseLoopback } from './namespace.ts';

/**
 * The only process beside the worker in a network namespace that holds nothing but its own loopback interface. Two doors lead out,
 * each a Unix socket: to the database and to the proxy. It starts the worker and ends with it, or when its parent is gone.
 */
const [order] = await once(process, 'message') as [ConfinedOrder];
raiseLoopback();
const database = await forward(order.databasePort, order.databaseSocket);
const proxy = await forward(order.proxyPort, order.proxySocket);

const unreachable: string[] = [];
const reachable: string[] = [];
for (const target of order.elsewhere) (await connects(target) ? reachable : unreachable).push(`${target.host}:${target.port}`);

// What was tried above is not the worker's.
const begunBefore = connectionsBegun();
const worker = fork(path.join(ROOT, 'execution-plane/main.ts'), { cwd: ROOT, env: { ...baseEnvironment(), ...order.environment }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
worker.once('exit', (code) => process.exit(code ?? 1));
process.once('disconnect', () => worker.kill('SIGTERM'));
await once(worker, 'message');
process.send?.({ ready: true, workerPid: worker.pid ?? 0, reachable, unreachable } satisfies ConfinedReady);

await once(process, 'message');
process.send?.({ databaseConnections: database.accepted(), proxyConnections: proxy.accepted(), begun: connectionsBegun() - begunBefore } satisfies ConfinedReport);
worker.kill('SIGTERM');

function connects({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (reached: boolean): void => { socket.destroy(); resolve(reached); };
    socket.once('connect', () => end(true)).once('error', () => end(false)).once('timeout', () => end(false));
  });
}
