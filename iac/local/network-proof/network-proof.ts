import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseStartArguments } from '../cell/arguments.ts';
import { CellApi } from '../cell/cell-api.ts';
import { startCell } from '../cell/cell.ts';
import type { RunningCell } from '../cell/cell.ts';
import { CellError, endOf } from '../cell/errors.ts';
import { reportOf, wentThrough } from '../demo/report.ts';
import type { DemoReport } from '../demo/report.ts';
import { SandboxClient } from '../demo/sandbox-client.ts';
import { follow } from '../demo/ticket-journey.ts';
import { startConfinedWorker } from './confined-worker.ts';
import type { ConfinedWorker } from './confined-worker.ts';
import { forward, startAllowingProxy } from './forwarding.ts';
import { findNamespace } from './namespace.ts';
import type { NamespaceCommand } from './namespace.ts';

const USAGE = `Usage: npm run network-proof -- [--tickets N] [--json]

Runs the demo (N tickets, default 3) with a worker in a network namespace from which nothing can be reached but its database and one
proxy that stands for the allowed host, and looks at its sockets through the kernel. Ends with 0 when all tickets went through and no
other socket was there, 1 when not, 2 for wrong arguments, 8 where no network namespace can be had.`;

const EXIT_NO_NAMESPACE = 8;
const DATABASE_PORT = 5432;
const PROXY_PORT = 3128;
const TIMEOUT_MS = 150_000;

interface NetworkFigures extends Pick<DemoReport, 'tickets' | 'written_back' | 'evidence_verified'> {
  /** Places outside that a process in the namespace tried to reach directly, and could not. */
  readonly direct_unreachable: number;
  readonly direct_reached: readonly string[];
  readonly database_connections: number;
  readonly proxy_connections: number;
  /** Tunnels that the proxy opened to the allowed host, and what else it was asked for. */
  readonly proxy_tunnels: number;
  readonly proxy_refused: readonly string[];
  /** TCP connections that began in the worker's namespace, by the kernel's own count: those to the two doors and no more. */
  readonly kernel_connections_begun: number;
  readonly other_sockets: readonly string[];
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { tickets: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } });
  const tickets = Number(values.tickets ?? 3);
  if (values.help === true || !Number.isInteger(tickets) || tickets < 1 || tickets > 100) {
    process.stdout.write(`${USAGE}\n`);
    return values.help === true ? 0 : 2;
  }
  const namespace = await findNamespace();
  if ('unavailable' in namespace) {
    say(`This proof ${namespace.unavailable}.`);
    return EXIT_NO_NAMESPACE;
  }
  const figures = await prove(namespace, tickets);
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(26)} ${Array.isArray(value) ? value.join('; ') || 'none' : String(value)}\n`);
  return holds(figures) ? 0 : 1;
}

function holds(figures: NetworkFigures): boolean {
  return wentThroughAll(figures) && figures.direct_unreachable > 0 && figures.direct_reached.length === 0 && figures.other_sockets.length === 0
    && figures.proxy_tunnels > 0 && figures.proxy_refused.length === 0 && figures.kernel_connections_begun === figures.database_connections + figures.proxy_connections;
}

function wentThroughAll({ tickets, written_back, evidence_verified }: NetworkFigures): boolean {
  return tickets > 0 && written_back === tickets && evidence_verified === tickets;
}

/** A cell without a worker, its two doors, and the confined worker; all of it in a scratch folder that is removed. */
async function prove(namespace: NamespaceCommand, tickets: number): Promise<NetworkFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-network-'));
  const leaving: Array<() => unknown> = [() => rm(folder, { recursive: true, force: true })];
  try {
    const options = parseStartArguments(['--data-dir', path.join(folder, 'cell'), '--port', '0', '--sandbox-port', '0', '--no-opa']);
    if (options === 'help') throw new CellError('usage', USAGE);
    const cell = await startCell({ ...options, workers: 0, sandboxProxyUrl: `http://127.0.0.1:${PROXY_PORT}` }, (line) => say(`  ${line}`));
    leaving.push(() => cell.stop());
    const [databaseSocket, proxySocket] = [path.join(folder, 'database.sock'), path.join(folder, 'proxy.sock')];
    const database = await forward(databaseSocket, cell.postgresPort);
    const proxy = await startAllowingProxy(proxySocket, [new URL(cell.sandboxUrl).host]);
    leaving.push(() => database.close(), () => proxy.close());
    const worker = await startConfinedWorker(namespace, { databasePort: DATABASE_PORT, databaseSocket, proxyPort: PROXY_PORT, proxySocket, elsewhere: placesOutside(cell), environment: confinedEnvironment(cell), logFile: path.join(folder, 'worker.log') });
    say(`The worker (pid ${worker.workerPid}) is confined; ${worker.unreachable.length} places outside cannot be reached from there.`);
    return await run(cell, worker, proxy, tickets, folder);
  } finally {
    for (const leave of leaving.reverse()) await leave();
  }
}

async function run(cell: RunningCell, worker: ConfinedWorker, proxy: Awaited<ReturnType<typeof startAllowingProxy>>, tickets: number, folder: string): Promise<NetworkFigures> {
  let report: DemoReport;
  let confined: Awaited<ReturnType<ConfinedWorker['end']>>;
  try {
    report = await demonstrate(cell, tickets, folder);
  } finally {
    confined = await worker.end();
  }
  return {
    tickets: report.tickets, written_back: report.written_back, evidence_verified: report.evidence_verified,
    direct_unreachable: worker.unreachable.length, direct_reached: worker.reachable,
    database_connections: confined.databaseConnections, proxy_connections: confined.proxyConnections,
    proxy_tunnels: [...proxy.allowed.values()].reduce((sum, count) => sum + count, 0), proxy_refused: proxy.refused,
    kernel_connections_begun: confined.begun, other_sockets: worker.otherSockets(),
  };
}

/** The demo as `npm run demo` runs it, judged at the sandbox and by the offline verifier. */
async function demonstrate(cell: RunningCell, count: number, folder: string): Promise<DemoReport> {
  const api = new CellApi(cell.url, cell.apiKey);
  const sandbox = new SandboxClient(cell.sandboxUrl, cell.sandboxAdminPassword);
  const keysFile = path.join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify(await api.keys()));
  const tickets = await sandbox.raise(count);
  const deadline = Date.now() + TIMEOUT_MS;
  const journeys = await Promise.all(tickets.map((ticket) => follow(ticket, { api, sandbox, keysFile, deadline, evidenceDir: folder, onStation: (at, station) => say(`  ${at.number}  ${station}`) })));
  for (const { ticket, failure } of journeys) if (failure !== null) say(`${ticket.number}: ${failure}`);
  const report = reportOf(journeys);
  if (!wentThrough(report)) say(`Not every ticket went through. What the worker said of it:\n${await complaints(path.join(folder, 'worker.log'))}`);
  return report;
}

/** The last warnings and errors of a log, whose folder is about to be removed. */
async function complaints(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => /"level":"(?:warn|error|fatal)"/.test(line));
  return lines.slice(-5).map((line) => `  ${line.slice(0, 500)}`).join('\n') || '  nothing';
}

/** The cell itself, this machine under every address it has, and addresses that are everybody's. */
function placesOutside(cell: RunningCell): Array<{ host: string; port: number }> {
  const ports = [cell.url, cell.sandboxUrl].map((url) => Number(new URL(url).port));
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => address);
  return [
    ...['127.0.0.1', '::1', ...own].flatMap((host) => [...ports, cell.postgresPort].map((port) => ({ host, port }))),
    ...['192.0.2.1', '2001:db8::1', '169.254.169.254'].map((host) => ({ host, port: 80 })),
  ];
}

/** As every worker of the cell, but the database is behind its door. Variables that name a proxy lead nowhere, and must not matter. */
function confinedEnvironment({ workerEnvironment }: RunningCell): Record<string, string> {
  const database = new URL(workerEnvironment['COUNTERSIGN_EXECUTION_DATABASE_URL'] ?? '');
  database.host = `127.0.0.1:${DATABASE_PORT}`;
  const nowhere = 'http://127.0.0.1:9';
  // Metrics are a port that others come to; without it every socket is one that the worker has opened to somebody.
  const { COUNTERSIGN_METRICS_PORT: _metrics, ...environment } = workerEnvironment;
  return { ...environment, COUNTERSIGN_EXECUTION_DATABASE_URL: database.href, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, ALL_PROXY: nowhere, NODE_USE_ENV_PROXY: '1' };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  process.exit(await main());
} catch (error) {
  const end = endOf(error);
  if (end === undefined) throw error;
  say(end.message);
  process.exit(end.exitCode);
}
