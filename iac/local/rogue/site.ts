import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SELF } from '@countersign/agent/orders/testing/orders.ts';
import { startSandbox } from '@countersign/connectors/servicenow/sandbox/server.ts';
import { AgentProcess } from '../agent-proof/agent-process.ts';
import type { AgentCommand } from '../agent-proof/agent-process.ts';
import { INTEGRATION_USER } from '../cell/seed.ts';
import { SandboxClient } from '../demo/sandbox-client.ts';
import { RogueError } from './errors.ts';
import { RogueCell } from './rogue-cell.ts';
import { INSTANCE } from './ticket-orders.ts';
import type { Ticket } from './ticket-orders.ts';
import { Visits } from './visits.ts';

/** An agent beside a ServiceNow, enrolled with the cell that will go bad. */
export interface Site {
  readonly cell: RogueCell;
  readonly agent: AgentProcess;
  readonly visits: Visits;
  tickets(count: number): Promise<Ticket[]>;
  stop(): Promise<void>;
}

export async function openSite(command: AgentCommand): Promise<Site> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-rogue-'));
  // The agent runs as an ordinary user, who has to pass.
  await chmod(folder, 0o711);
  const [integration, admin] = [password(), password()];
  const sandbox = await startSandbox({ incidents: 0, integration: { user: INTEGRATION_USER, password: integration }, admin: { user: 'admin', password: admin } });
  const cell = await RogueCell.start();
  await mkdir(path.join(folder, 'agent'), { mode: 0o700 });
  const agent = await AgentProcess.prepare({ command, inside: null, folder: path.join(folder, 'agent'), connection: { name: INSTANCE, connector: 'servicenow', base_url: sandbox.url, username: INTEGRATION_USER, password: integration } });
  const client = new SandboxClient(sandbox.url, admin);
  const stop = async (): Promise<void> => {
    await agent.stop();
    await Promise.all([cell.stand_in.stop(), sandbox.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await agent.enrol(cell.stand_in.token());
    agent.start();
    await ready(cell, agent);
  } catch (error) {
    await stop();
    throw error;
  }
  return { cell, agent, visits: new Visits(sandbox.url, admin), tickets: (count) => raised(client, count), stop };
}

async function ready(cell: RogueCell, agent: AgentProcess): Promise<void> {
  const isUp = await cell.until(() => cell.lastPoll?.policy.some(({ state }) => state === 'fresh') === true && cell.lastPoll.free > 0);
  if (!isUp) throw new RogueError('agent_failed', `${SELF.agent_id} did not come up. The end of its log:\n${await agent.logTail()}`);
}

async function raised(client: SandboxClient, count: number): Promise<Ticket[]> {
  return Promise.all((await client.raise(count)).map(async ({ sys_id, number }) => ({ sys_id, number, version: (await client.incident(sys_id))['sys_mod_count'] ?? '' })));
}

function password(): string {
  return randomBytes(24).toString('base64url');
}
