import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { AgentCommand } from '../agent-proof/agent-process.ts';
import { enrolInto, placeInstance, versionOf } from '../agent-proof/enrolled.ts';
import { Site } from '../agent-proof/site.ts';
import type { CellApi } from '../cell/cell-api.ts';
import { CellError } from '../cell/errors.ts';
import { ROOT } from '../config.ts';

/** Where the sandbox that the cell reaches is not, so that nobody has to say which of two is meant. */
const ENVIRONMENT = 'staging';
const POOL = 'behind-a-firewall';
const INSTANCE = 'servicenow-inside';
const TRAINING = 'classifier-training';
const POLL_MS = 250;

type RunSummary = components['schemas']['RunSummary'];

export interface PlacementOptions {
  readonly api: CellApi;
  readonly agentUrl: string;
  readonly command: AgentCommand;
  readonly deadline: number;
  readonly say: (line: string) => void;
}

/**
 * The flagship on a ServiceNow that the cell cannot reach and that cannot call it: a site with an agent, and in the cell a pool, an instance that
 * belongs to it, and a version of the workflow whose calls are placed there.
 */
export class Placement {
  readonly site: Site;
  readonly #options: PlacementOptions;
  readonly #folder: string;
  #agentId = '';

  private constructor(site: Site, options: PlacementOptions, folder: string) {
    this.site = site;
    this.#options = options;
    this.#folder = folder;
  }

  static async start(options: PlacementOptions): Promise<Placement> {
    const folder = await mkdtemp(path.join(tmpdir(), 'countersign-site-'));
    let placement: Placement | undefined;
    try {
      placement = new Placement(await Site.build({ agentUrl: options.agentUrl, instance: INSTANCE, command: options.command, folder }), options, folder);
      await placement.#enrol();
      await placement.#place();
      await placement.#warm();
      return placement;
    } catch (error) {
      await placement?.stop().catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get agentId(): string {
    return this.#agentId;
  }

  /** The agent is stopped and revoked. Pool, instance and workflow stay, as the next demo finds them. */
  async stop(): Promise<void> {
    await this.site.close();
    if (this.#agentId !== '') await this.#options.api.revokeAgent(this.#agentId, 'The demo that it was for is over.');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #enrol(): Promise<void> {
    const { api, say } = this.#options;
    const poolId = await placeInstance(api, { environment: ENVIRONMENT, pool: POOL, instance: INSTANCE, integrationUser: this.site.servicenow.integrationUser });
    const agent = await enrolInto(api, poolId, this.site.agent);
    this.#agentId = agent.id;
    say(`Agent ${agent.id} (${agent.agent_version}) is connected, in a network of its own.`);
  }

  async #place(): Promise<void> {
    const { api } = this.#options;
    if (!(await api.instances()).some(({ connector, environment }) => connector === 'classifier' && environment === ENVIRONMENT)) {
      await api.createInstance({ connector: 'classifier', connector_version: versionOf('classifier'), name: 'local-classifier', environment: ENVIRONMENT });
    }
    await this.#activate(TRAINING, (source) => source);
    await this.#activate('incident-triage', (source) => source.replace(/^spec:$/m, `spec:\n  placement: agent:${POOL}`));
  }

  async #activate(name: string, change: (source: string) => string): Promise<void> {
    const published = await this.#options.api.publishWorkflow(change(await readFile(path.join(ROOT, 'workflows', `${name}.yaml`), 'utf8')));
    await this.#options.api.activateWorkflow(published.workflow_id, ENVIRONMENT, published.version);
  }

  /** The model has read the site's finished tickets, by the agent; and the agent has looked for new ones, so that it knows from when on tickets are new. */
  async #warm(): Promise<void> {
    const { say } = this.#options;
    await this.#learn();
    const { client } = this.site.servicenow;
    const asked = await client.requestsSince(0);
    say(`The agent has read the site ${asked.length} times.`);
    const last = asked.at(-1)?.seq ?? 0;
    await this.#until('the agent to look for new tickets', async () => ((await client.requestsSince(last)).length > 0 ? true : undefined));
  }

  async #learn(): Promise<void> {
    const earlier = await this.#trainings();
    if (earlier.some(({ state }) => state === 'succeeded')) return;
    // A training that failed is asked for again after minutes: an agent of an earlier demo went too soon.
    if (earlier.some(({ state }) => state === 'failed')) await this.#options.api.startRun({ workflow: TRAINING, environment: ENVIRONMENT, trigger: { source: `servicenow/${INSTANCE}`, approved: [] } });
    const known = new Set(earlier.filter(isOver).map(({ id }) => id));
    const training = await this.#until('the model to learn from what the agent reads', async () => (await this.#trainings()).find((run) => isOver(run) && !known.has(run.id)));
    if (training.state !== 'succeeded') throw new CellError('demo_failed', `The model learned nothing through the agent: ${training.error?.code} ${training.error?.message}`);
  }

  async #trainings(): Promise<RunSummary[]> {
    const { items } = await this.#options.api.runs({ q: INSTANCE, limit: 20 });
    return items.filter(({ workflow_name: name, environment }) => name === TRAINING && environment === ENVIRONMENT);
  }

  async #until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await this.site.agent.requireRunning();
      if (Date.now() > this.#options.deadline) throw new CellError('demo_failed', `Waited too long for ${what}. The end of the agent's log:\n${await this.site.agent.logTail()}`);
      await setTimeout(POLL_MS);
    }
  }
}

function isOver({ state }: RunSummary): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}
