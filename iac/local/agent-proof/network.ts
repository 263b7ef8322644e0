import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CellError } from '../cell/errors.ts';
import { findNamespace } from '../network-proof/namespace.ts';
import { commandInside, runInside } from './inside.ts';
import type { Inside } from './inside.ts';

/** Where what is in the network can be found. Only the agent's side knows the names. */
export const CELL_ADDRESS = '10.203.0.1';
export const SERVICENOW_ADDRESS = 'fd43:7367:203::1';
export const SERVICENOW_NAME = 'servicenow.corp.internal';
export const AGENT_ADDRESSES = { fromEdge: '10.203.0.2', fromServiceNow: 'fd43:7367:203::2' } as const;

/**
 * Three network namespaces beside the one that the cell is in: `edge`, where a relay hands the cell's agent port on; `servicenow`, the system of
 * record; and `agent` between them, with a cable to each, no default route and nothing that forwards. ServiceNow's address is of a range that nobody
 * routes (RFC 4193).
 *
 * Each is held by a process that ends with this one, however this one ends, and takes namespace and cables along: nothing is left to be cleaned up.
 */
export class AgentNetwork {
  readonly edge: Inside;
  readonly servicenow: Inside;
  readonly agent: Inside;
  readonly #holders: readonly ChildProcess[];

  private constructor(holders: readonly [ChildProcess, ChildProcess, ChildProcess], inside: readonly Inside[]) {
    this.#holders = holders;
    [this.edge, this.servicenow, this.agent] = inside as [Inside, Inside, Inside];
  }

  /**
   * @param folder where the agent's `/etc/hosts` is written
   * @param cellName the host name that enrolment tokens of the cell name
   * @throws CellError `no_namespace` with the reason where this machine gives none
   */
  static async open(folder: string, cellName: string): Promise<AgentNetwork> {
    const found = await findNamespace();
    if ('unavailable' in found) throw new CellError('no_namespace', `An agent behind a firewall cannot be shown here: network namespaces: ${found.unavailable}.`);
    const holders: ChildProcess[] = [];
    try {
      const outer = await hold(found.command, found.args, holders);
      const edge: Inside = { pid: outer, asUser: found.args.includes('--user') };
      // Namespaces that are joined by cables belong to one user namespace, the first one's.
      const inner = async (): Promise<Inside> => {
        const { command, args } = commandInside(edge, 'unshare', ['--net', '--mount']);
        return { ...edge, pid: await hold(command, args, holders) };
      };
      const network = new AgentNetwork(holders as [ChildProcess, ChildProcess, ChildProcess], [edge, await inner(), await inner()]);
      await network.#lay();
      await network.#name(folder, cellName);
      return network;
    } catch (error) {
      for (const holder of holders) holder.kill('SIGKILL');
      throw error;
    }
  }

  /** Pulls the cable between agent and edge: nothing is refused, packets just do not arrive. */
  async cut(): Promise<void> {
    await runInside(this.edge, 'ip', ['link', 'set', 'to-agent', 'down']);
  }

  async mend(): Promise<void> {
    await runInside(this.edge, 'ip', ['link', 'set', 'to-agent', 'up']);
  }

  close(): void {
    for (const holder of this.#holders) holder.kill('SIGKILL');
  }

  async #lay(): Promise<void> {
    for (const inside of [this.edge, this.servicenow, this.agent]) {
      await runInside(inside, 'ip', ['link', 'set', 'lo', 'up']);
      await runInside(inside, 'sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward && echo 0 > /proc/sys/net/ipv6/conf/all/forwarding']);
    }
    await cable(this.edge, this.agent, 'to-agent', 'to-edge', [`${CELL_ADDRESS}/30`, `${AGENT_ADDRESSES.fromEdge}/30`]);
    await cable(this.servicenow, this.agent, 'to-agent', 'to-servicenow', [`${SERVICENOW_ADDRESS}/126`, `${AGENT_ADDRESSES.fromServiceNow}/126`]);
  }

  async #name(folder: string, cellName: string): Promise<void> {
    const hosts = path.join(folder, 'hosts');
    await writeFile(hosts, `${CELL_ADDRESS} ${cellName}\n${SERVICENOW_ADDRESS} ${SERVICENOW_NAME}\n`, { mode: 0o644 });
    await runInside(this.agent, 'mount', ['--bind', hosts, '/etc/hosts']);
  }
}

/** Starts what keeps a namespace open: `cat` on a pipe from here, which ends when this process does. */
async function hold(command: string, args: readonly string[], holders: ChildProcess[]): Promise<number> {
  const holder = spawn(command, [...args, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  holders.push(holder);
  const answered = new Promise<boolean>((resolve) => {
    holder.stdout!.once('data', () => resolve(true));
    holder.once('exit', () => resolve(false));
    holder.once('error', () => resolve(false));
  });
  // What comes back says that all of the way to `cat` is behind it: the namespace is there.
  holder.stdin!.write('.');
  if (!await answered || holder.pid === undefined) throw new CellError('no_namespace', `${command} ${args.join(' ')} gave no namespace; what it said stands above.`);
  return holder.pid;
}

async function cable(one: Inside, other: Inside, oneEnd: string, otherEnd: string, addresses: readonly [string, string]): Promise<void> {
  await runInside(one, 'ip', ['link', 'add', oneEnd, 'type', 'veth', 'peer', 'name', otherEnd, 'netns', String(other.pid)]);
  for (const [inside, end, address] of [[one, oneEnd, addresses[0]], [other, otherEnd, addresses[1]]] as const) {
    await runInside(inside, 'ip', ['addr', 'add', address, 'dev', end, ...(address.includes(':') ? ['nodad'] : [])]);
    await runInside(inside, 'ip', ['link', 'set', end, 'up']);
  }
}
