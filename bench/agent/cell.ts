import { setTimeout } from 'node:timers/promises';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { AgentBenchError } from './errors.ts';
import type { BenchPlace } from './place.ts';

type Schemas = components['schemas'];
type Environment = 'dev' | 'staging';

const WORKFLOW = 'bench-reads';
const RUN_WITHIN_MS = 60_000;
const POLL_MS = 25;

/** The cell as a customer asks it: one workflow that reads an incident several times, in the cell in one environment and by the agent in the other. */
export class BenchCell {
  readonly #place: BenchPlace;
  readonly #known = new Set<string>();

  constructor(place: BenchPlace) {
    this.#place = place;
  }

  /** @param steps reads of one run, one after the other */
  async publish(steps: number): Promise<void> {
    for (const environment of [this.#place.here, this.#place.there] as const) {
      const version = await this.#send<Schemas['WorkflowVersion']>('POST', '/workflows', workflowOf(steps, environment === this.#place.there ? this.#place.pool : null));
      await this.#send('PUT', `/workflows/${version.workflow_id}/activations/${environment}`, { version: version.version });
    }
  }

  async start(environment: Environment, sysId: string): Promise<void> {
    await this.#send('POST', '/runs', { workflow: WORKFLOW, environment, trigger: { sys_id: sysId } });
  }

  /**
   * One run, with no other under way.
   * @returns milliseconds from the claim of each of its steps to their ends, by the database's clock
   */
  async runSteps(environment: Environment, sysId: string): Promise<number[]> {
    await this.start(environment, sysId);
    const { steps } = await this.#nextEnded(environment);
    return steps.map(({ started_at, finished_at }) => Date.parse(finished_at ?? '') - Date.parse(started_at ?? ''));
  }

  /** How many runs of the workflow are not over. */
  async underWay(environment: Environment): Promise<number> {
    const { items } = await this.#runs(environment, 200);
    for (const run of items) refuseFailed(run);
    return items.filter(({ state }) => state !== 'succeeded').length;
  }

  async #nextEnded(environment: Environment): Promise<Schemas['Run']> {
    const deadline = Date.now() + RUN_WITHIN_MS;
    while (Date.now() < deadline) {
      const run = (await this.#runs(environment, 1)).items[0];
      if (run !== undefined && !this.#known.has(run.id)) {
        refuseFailed(run);
        if (run.state === 'succeeded') {
          this.#known.add(run.id);
          return this.#send('GET', `/runs/${run.id}`);
        }
      }
      await setTimeout(POLL_MS);
    }
    throw new AgentBenchError('run_too_slow', `A run in ${environment} has not ended after ${RUN_WITHIN_MS} ms.`);
  }

  #runs(environment: Environment, limit: number): Promise<{ readonly items: ReadonlyArray<Schemas['RunSummary']> }> {
    return this.#send('GET', `/runs?${new URLSearchParams({ workflow: WORKFLOW, environment, limit: String(limit) })}`);
  }

  async #send<T>(method: string, path: string, body?: string | object): Promise<T> {
    const type = typeof body === 'string' ? 'application/yaml' : 'application/json';
    const response = await fetch(`${this.#place.url}/api/v1${path}`, {
      method, headers: { authorization: `Bearer ${this.#place.api_key}`, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new AgentBenchError('request_refused', `${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}

function refuseFailed({ id, state, error }: Schemas['RunSummary']): void {
  if (state === 'failed' || state === 'cancelled') throw new AgentBenchError('run_failed', `Run ${id} ${state}: ${error?.code} ${error?.message}`);
}

function workflowOf(steps: number, pool: string | null): string {
  const reads = Array.from({ length: steps }, (_, index) => `    - { id: read${index + 1}, uses: servicenow/incident.get, with: { sys_id: "\${{ trigger.sys_id }}" }${index === 0 ? '' : `, needs: [read${index}]`} }`);
  return [
    'apiVersion: countersign.dev/v1', 'kind: Workflow', 'metadata:', `  name: ${WORKFLOW}`, '  description: Read one incident again and again',
    'spec:', ...(pool === null ? [] : [`  placement: agent:${pool}`]), '  trigger: manual', '  steps:', ...reads, '',
  ].join('\n');
}
