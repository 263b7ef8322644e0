import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CellError } from '../cell/errors.ts';
import { startInside } from './child-inside.ts';
import { connectAll, PORTS } from './connect-all.ts';
import type { Target, Tried } from './connect-all.ts';
import type { ConnectOrder } from './connect-main.ts';
import { runInside } from './inside.ts';
import type { Inside } from './inside.ts';
import { AGENT_ADDRESSES, CELL_ADDRESS, SERVICENOW_ADDRESS } from './network.ts';
import type { AgentNetwork } from './network.ts';

/** What was seen of the network while an agent ran in it. */
export interface NetworkFigures {
  /** TCP ports of the agent's addresses that were tried from outside, and those that took a connection: none. */
  readonly scanned_ports: number;
  readonly open_ports: readonly string[];
  /** Of a listener that was put there for the scan to find. */
  readonly scan_finds_a_listener: boolean;
  /** TCP, UDP and Unix sockets that listen in the agent's namespace, as the kernel shows them: none. */
  readonly listening_sockets: readonly string[];
  /** What the cell got when it tried the system of record: no connection, or no way but one out of this machine, which is not taken. */
  readonly cell_to_servicenow: string;
  /** Places tried from the agent's namespace: all ports of its two neighbours, the cell's ports, this machine, everybody's addresses. */
  readonly agent_tried_places: number;
  /** Those that took a connection: the cell's agent port and the system of record, and no third. */
  readonly agent_reaches: readonly string[];
}

/** The ports of the cell on this machine, which the agent must not reach but by its relay, and that of the system of record, which the cell must not. */
export interface Surroundings {
  readonly cellPorts: readonly number[];
  readonly agentPort: number;
  readonly servicenowPort: number;
  readonly folder: string;
}

/** Whether nothing listens at the agent, nothing but its two peers is within its reach, and the cell cannot do what it does. */
export function isConfined({ scanned_ports, open_ports, scan_finds_a_listener, listening_sockets, cell_to_servicenow, agent_reaches }: NetworkFigures, { agentPort, servicenowPort }: Pick<Surroundings, 'agentPort' | 'servicenowPort'>): boolean {
  const peers = [`${CELL_ADDRESS}:${agentPort}`, `${SERVICENOW_ADDRESS}:${servicenowPort}`];
  return scanned_ports === 2 * PORTS && open_ports.length === 0 && scan_finds_a_listener && listening_sockets.length === 0 && cell_to_servicenow !== 'reached'
    && agent_reaches.length === peers.length && peers.every((peer) => agent_reaches.includes(peer));
}

export async function lookAround(network: AgentNetwork, { cellPorts, agentPort, servicenowPort, folder }: Surroundings): Promise<NetworkFigures> {
  const logFile = path.join(folder, 'look-around.log');
  const from = (inside: Inside, order: ConnectOrder): Promise<Tried> => triedFrom(inside, order, logFile);
  const listening = (await runInside(network.agent, 'ss', ['-lntuxH'])).trim();
  const scans = await Promise.all([from(network.edge, { everyPortOf: AGENT_ADDRESSES.fromEdge }), from(network.servicenow, { everyPortOf: AGENT_ADDRESSES.fromServiceNow })]);
  const ways = await Promise.all([
    from(network.agent, { everyPortOf: CELL_ADDRESS }), from(network.agent, { everyPortOf: SERVICENOW_ADDRESS }), from(network.agent, { targets: placesOutside([...cellPorts, agentPort]) }),
  ]);
  return {
    scanned_ports: sum(scans.map(({ reached, failed }) => reached.length + (failed['ECONNREFUSED'] ?? 0))),
    open_ports: scans.flatMap(({ reached }) => reached),
    scan_finds_a_listener: await findsListener(network, logFile),
    listening_sockets: listening === '' ? [] : listening.split('\n'),
    cell_to_servicenow: await tryFromCell({ host: SERVICENOW_ADDRESS, port: servicenowPort }),
    agent_tried_places: sum(ways.flatMap(({ reached, failed }) => [reached.length, ...Object.values(failed)])),
    agent_reaches: ways.flatMap(({ reached }) => reached),
  };
}

/** From where the cell is. What would leave this machine is not sent: that the kernel would hand it to a gateway says as much. */
async function tryFromCell(place: Target): Promise<string> {
  const gateway = await gatewayTo(place.host);
  if (gateway !== null) return `only_by_gateway_${gateway.dev}`;
  const { reached, failed } = await connectAll([place]);
  return reached.length > 0 ? 'reached' : Object.keys(failed).join();
}

/** Null: it is beside this machine or on it, or there is no way to it at all. */
async function gatewayTo(host: string): Promise<{ readonly dev: string } | null> {
  // `ip` fails where there is no way.
  const found = await promisify(execFile)('ip', ['-j', 'route', 'get', host]).catch(() => null);
  if (found === null) return null;
  const [way] = JSON.parse(found.stdout) as Array<{ readonly dev: string; readonly gateway?: string }>;
  return way?.gateway === undefined ? null : way;
}

/** A scan that finds nothing proves something only if it finds what is there. */
async function findsListener({ agent, edge }: AgentNetwork, logFile: string): Promise<boolean> {
  const place = { host: AGENT_ADDRESSES.fromEdge, port: 4_444 };
  const door = await startInside(agent, { file: path.join(import.meta.dirname, 'door-main.ts'), order: { from: place, to: { host: '127.0.0.1', port: 9 } }, logFile });
  const { reached } = await triedFrom(edge, { targets: [place] }, logFile).finally(() => door.stop());
  return reached.length === 1;
}

async function triedFrom(inside: Inside, order: ConnectOrder, logFile: string): Promise<Tried> {
  const child = await startInside(inside, { file: path.join(import.meta.dirname, 'connect-main.ts'), order, logFile });
  await child.stop();
  if (typeof child.ready !== 'object' || child.ready === null || !('reached' in child.ready)) throw new CellError('process_did_not_start', `connect-main.ts answered ${JSON.stringify(child.ready)}.`);
  return child.ready as Tried;
}

/** The cell's ports under every address of this machine, and addresses that are everybody's. */
function placesOutside(ports: readonly number[]): Target[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []).filter(({ internal }) => !internal).map(({ address }) => address);
  return [
    ...['127.0.0.1', '::1', ...own].flatMap((host) => ports.map((port) => ({ host, port }))),
    ...['192.0.2.1', '2001:db8::1', '169.254.169.254'].map((host) => ({ host, port: 80 })),
  ];
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
