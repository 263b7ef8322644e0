import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { baseEnvironment } from '../config.ts';
import type { AttackPlan, AttackReport, SsrfFigures } from './attack-plan.ts';
import { connectionsBegun, kernelSockets } from './kernel-sockets.ts';
import { carryAddresses, useResolver } from './namespace.ts';
import { startRebindingDns } from './rebinding-dns.ts';
import { redirectChains } from './redirect-chains.ts';
import { CARRIED_ADDRESSES } from './spellings.ts';

/** Stands for a peer on the internet: in a namespace of our own, every address is ours. */
const PUBLIC_PEER = { v4: '93.184.216.34', v6: '2606:2800:220:1:248:1893:25c8:1946' } as const;
/** Without a namespace the allowed peer is on the loopback address, and listens where no attack is aimed at. */
const LOCAL_PEER = { v4: '127.0.0.1', v6: '::1' } as const;
/** Reading the table is slow, and what ended is shown for a minute more. */
const SAMPLE_MS = 100;

/**
 * Lets another process attack, and judges by what arrives at listeners and what the kernel shows.
 * @param namespaced this process is alone in a network (and mount) namespace, which it may change
 */
export async function judge({ namespaced, rebinds }: { namespaced: boolean; rebinds: number }): Promise<SsrfFigures> {
  const device = namespaced ? carryAddresses([PUBLIC_PEER.v4, PUBLIC_PEER.v6, ...CARRIED_ADDRESSES]) : null;
  const peer = namespaced ? PUBLIC_PEER : LOCAL_PEER;
  const seen = new Arrivals(namespaced ? new Set([PUBLIC_PEER.v4, PUBLIC_PEER.v6]) : new Set());
  const forbiddenPorts = namespaced ? [80, 443] : [];
  const trap = await Promise.all([0, ...forbiddenPorts].map((port) => listen(port, (socket) => seen.arrived(socket))));
  const ports = trap.map(portOf);
  // In the namespace the peer is told from the rest by its address and shares their port; else it has a port of its own.
  const control = namespaced ? trap[0]! : await listen(0, () => seen.arrivedAtControl());
  const controlPort = portOf(control);
  serveChains(control, controlPort);
  const dns = await startRebindingDns(peer);
  const systemDns = namespaced && await answerForTheSystem(peer);

  const trapped = await springTrap(seen, ports, namespaced ? ['127.0.0.1', '::1', ...CARRIED_ADDRESSES.filter((address) => !address.startsWith('fe80')), '8.8.8.8'] : ['127.0.0.1', '::1']);
  const kernel = namespaced ? watchKernel(new Set([PUBLIC_PEER.v4, PUBLIC_PEER.v6])) : null;
  const report = await runAttacker({ ports, dnsPort: dns.port, control: { port: controlPort, named: !namespaced }, rebinds: namespaced ? rebinds : 0, systemDns });
  const shown = kernel?.stop() ?? null;
  const figures: SsrfFigures = {
    ...report,
    connections_to_forbidden: seen.forbidden, connections_to_control: seen.control,
    kernel_connections_begun: shown?.begun ?? null, kernel_forbidden_sockets: shown?.forbidden ?? null,
    dns_answers: dns.answered(), trap_tried: trapped.tried, trap_noticed: trapped.noticed, interface: device,
    not_run: [
      ...(namespaced ? [] : ['metadata and private addresses on an interface', 'rebinding', 'the kernel\'s own count: no network namespace']),
      ...(namespaced && !systemDns ? ['rebinding through the C library: /etc/resolv.conf cannot be replaced'] : []),
    ],
  };
  dns.close();
  for (const server of new Set([...trap, control])) server.close().closeAllConnections();
  return figures;
}

/** What the listeners accepted. */
class Arrivals {
  forbidden = 0;
  control = 0;
  readonly #allowed: ReadonlySet<string>;

  constructor(allowed: ReadonlySet<string>) {
    this.#allowed = allowed;
  }

  arrived(socket: Socket): void {
    if (this.#allowed.has((socket.localAddress ?? '').replace(/^::ffff:/, ''))) this.control += 1;
    else this.forbidden += 1;
  }

  arrivedAtControl(): void {
    this.control += 1;
  }
}

async function listen(port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer((_request, response) => void response.end('you should not be here'));
  server.on('connection', onConnection);
  server.listen({ port, host: '::', ipv6Only: false });
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** The allowed peer, which sends requests wherever the chain says. */
function serveChains(server: Server, port: number): void {
  const chains = redirectChains({ port });
  server.removeAllListeners('request');
  server.on('request', ({ url = '' }: IncomingMessage, response: ServerResponse) => {
    const [, index, step] = /^\/chain\/(\d+)\/(\d+)$/.exec(url) ?? [];
    const chain = index === undefined ? undefined : chains[Number(index)];
    const location = chain?.locations[Number(step)];
    if (chain === undefined || location === undefined) response.end('reached');
    else response.writeHead(chain.status, { location }).end();
  });
}

/** Before anybody attacks, connections without any guard: a listener or a kernel table that misses them proves nothing. */
async function springTrap(seen: Arrivals, ports: readonly number[], addresses: readonly string[]): Promise<{ tried: number; noticed: number }> {
  let tried = 0;
  for (const address of addresses) {
    for (const port of ports) {
      const socket = connect({ host: address, port });
      await once(socket, 'connect');
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
      tried += 1;
    }
  }
  // The last one may still be in the listener's queue.
  for (let waits = 0; seen.forbidden < tried && waits < 100; waits += 1) await new Promise((resolve) => { setImmediate(resolve); });
  const noticed = seen.forbidden;
  seen.forbidden = 0;
  return { tried, noticed };
}

/** Samples the kernel's socket table while the attack runs; its count of connections begun misses nothing in between. */
function watchKernel(allowed: ReadonlySet<string>): { stop(): { begun: number; forbidden: number } } {
  const before = connectionsBegun();
  const known = new Set(kernelSockets().map(nameOf));
  const forbidden = new Set<string>();
  const sample = (): void => {
    for (const socket of kernelSockets()) {
      if (socket.state !== 'listening' && !allowed.has(socket.remoteAddress) && !known.has(nameOf(socket))) forbidden.add(nameOf(socket));
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      // Connections that ended are still shown for a minute (TIME_WAIT).
      sample();
      return { begun: connectionsBegun() - before, forbidden: forbidden.size };
    },
  };
}

function nameOf(socket: ReturnType<typeof kernelSockets>[number]): string {
  return `${socket.localAddress} ${socket.localPort} ${socket.remoteAddress} ${socket.remotePort}`;
}

async function runAttacker(plan: AttackPlan): Promise<AttackReport> {
  const child = fork(path.join(import.meta.dirname, 'attacker.ts'), { env: baseEnvironment(), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exit = once(child, 'exit');
  child.send(plan);
  const [report] = await Promise.race([once(child, 'message'), exit.then(([code]) => { throw new TypeError(`the attacking process ended with ${String(code)} before it reported`); })]) as [AttackReport];
  await exit;
  return report;
}

/** A second server where the C library looks for one, so that the system's resolver is lied to as well. */
async function answerForTheSystem(peer: typeof PUBLIC_PEER | typeof LOCAL_PEER): Promise<boolean> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-resolver-'));
  const file = path.join(folder, 'resolv.conf');
  await writeFile(file, 'nameserver 127.0.0.1\noptions timeout:2 attempts:1\n');
  const replaced = useResolver(file);
  await rm(folder, { recursive: true });
  if (replaced) (await startRebindingDns(peer, 53)).unref();
  return replaced;
}
