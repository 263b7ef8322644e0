import { setTimeout } from 'node:timers/promises';
import { CONNECTORS } from '@countersign/connectors/registry.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { CellApi } from '../cell/cell-api.ts';
import { CellError } from '../cell/errors.ts';
import type { AgentProcess } from './agent-process.ts';

type Agent = components['schemas']['Agent'];

/** Where an agent's work is: a pool in an environment, and the one ServiceNow instance that belongs to it. */
export interface PlacedInstance {
  readonly environment: 'dev' | 'staging' | 'prod';
  readonly pool: string;
  readonly instance: string;
  readonly integrationUser: string;
}

const HEARD_OF_WITHIN_MS = 60_000;

/** Makes pool and instance where they are not there yet, as an administrator would. @returns the pool's id */
export async function placeInstance(api: CellApi, { environment, pool: name, instance, integrationUser }: PlacedInstance): Promise<string> {
  const pool = (await api.agentPools()).find((one) => one.name === name && one.environment === environment) ?? await api.createAgentPool({ name, environment });
  if (!(await api.instances()).some((one) => one.name === instance && one.environment === environment)) {
    await api.createInstance({ connector: 'servicenow', connector_version: versionOf('servicenow'), name: instance, environment, pool_id: pool.id, settings: { integration_user: integrationUser } });
  }
  return pool.id;
}

/** Enrols an agent with a token that is made for it, starts it, and waits until the cell has heard that it decides by its policy. */
export async function enrolInto(api: CellApi, poolId: string, agent: AgentProcess): Promise<Agent> {
  const before = new Set((await api.agents()).map(({ id }) => id));
  const { token } = await api.createAgentToken(poolId);
  await agent.enrol(token);
  agent.start();
  const deadline = Date.now() + HEARD_OF_WITHIN_MS;
  for (;;) {
    const found = (await api.agents()).find(({ id, presence }) => !before.has(id) && presence?.policy?.state === 'fresh');
    if (found !== undefined) return found;
    await agent.requireRunning();
    if (Date.now() > deadline) throw new CellError('demo_failed', `The cell has not heard of an agent with a fresh policy. The end of its log:\n${await agent.logTail()}`);
    await setTimeout(250);
  }
}

export function versionOf(connector: string): string {
  const shipped = CONNECTORS.find(({ manifest }) => manifest.name === connector);
  if (shipped === undefined) throw new CellError('demo_failed', `This version ships no connector ${connector}.`);
  return shipped.manifest.version;
}
