import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { CellError } from '../cell/errors.ts';
import { forward } from '../network-proof/forwarding.ts';
import { AgentProcess } from './agent-process.ts';
import type { AgentCommand } from './agent-process.ts';
import { startInside } from './child-inside.ts';
import { isConfined, lookAround } from './look-around.ts';
import type { NetworkFigures } from './look-around.ts';
import { AgentNetwork, CELL_ADDRESS } from './network.ts';
import { startServiceNowInside } from './servicenow-inside.ts';
import type { ServiceNowInside } from './servicenow-inside.ts';

export interface SiteOptions {
  /** Of the cell's agent port, as enrolment tokens name it. */
  readonly agentUrl: string;
  /** Of the instance that the agent's connection is for. */
  readonly instance: string;
  readonly command: AgentCommand;
  /** Empty, and ours: what the site keeps. */
  readonly folder: string;
}

/** A site behind a firewall: its system of record, its agent, and one way out, to the cell's agent port. */
export class Site {
  readonly network: AgentNetwork;
  readonly servicenow: ServiceNowInside;
  readonly agent: AgentProcess;
  readonly #agentPort: number;
  readonly #folder: string;
  readonly #closing: ReadonlyArray<() => unknown>;

  private constructor({ network, servicenow, agent }: Pick<Site, 'network' | 'servicenow' | 'agent'>, { agentUrl, folder }: SiteOptions, closing: ReadonlyArray<() => unknown>) {
    this.network = network;
    this.servicenow = servicenow;
    this.agent = agent;
    this.#agentPort = Number(new URL(agentUrl).port);
    this.#folder = folder;
    this.#closing = closing;
  }

  /** @throws CellError `no_namespace` where this machine gives no network namespaces */
  static async build(options: SiteOptions): Promise<Site> {
    const { agentUrl, instance, command, folder } = options;
    const closing: Array<() => unknown> = [];
    try {
      // The agent runs as another user, who must be let through to its own folder.
      await chmod(folder, 0o711);
      const cell = new URL(agentUrl);
      const network = await AgentNetwork.open(folder, cell.hostname);
      closing.push(() => network.close());
      await relay(network, Number(cell.port), folder, closing);
      const servicenow = await startServiceNowInside(network, folder);
      closing.push(() => servicenow.stop());
      const agentFolder = path.join(folder, 'agent');
      await mkdir(agentFolder, { mode: 0o700 });
      const agent = await AgentProcess.prepare({
        command, inside: network.agent, folder: agentFolder,
        connection: { name: instance, connector: 'servicenow', base_url: servicenow.url, username: servicenow.integrationUser, password: servicenow.integrationPassword },
      });
      closing.push(() => agent.stop());
      return new Site({ network, servicenow, agent }, options, closing);
    } catch (error) {
      await closeAll(closing);
      throw error;
    }
  }

  /** @param cellPorts of the cell on this machine @throws CellError `demo_failed` where somebody reaches what is not theirs */
  async lookAround(cellPorts: readonly number[]): Promise<NetworkFigures> {
    const around = { cellPorts, agentPort: this.#agentPort, servicenowPort: this.servicenow.port, folder: this.#folder };
    const figures = await lookAround(this.network, around);
    if (!isConfined(figures, around)) throw new CellError('demo_failed', `The agent's network is not what it should be: ${JSON.stringify(figures)}`);
    return figures;
  }

  async close(): Promise<void> {
    await closeAll(this.#closing);
  }
}

/** What a firewall lets out: the cell's agent port, at the edge's address. A Unix socket crosses from namespace to namespace. */
async function relay({ edge }: AgentNetwork, port: number, folder: string, closing: Array<() => unknown>): Promise<void> {
  const socket = path.join(folder, 'agent-port.sock');
  const forwarding = await forward(socket, port);
  closing.push(() => forwarding.close());
  const door = await startInside(edge, { file: path.join(import.meta.dirname, 'door-main.ts'), order: { from: { host: CELL_ADDRESS, port }, to: socket }, logFile: path.join(folder, 'doors.log') });
  closing.push(() => door.stop());
}

async function closeAll(closing: ReadonlyArray<() => unknown>): Promise<void> {
  for (const close of closing.toReversed()) await close();
}
