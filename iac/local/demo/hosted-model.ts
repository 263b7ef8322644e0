import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CONNECTORS } from '@countersign/connectors/registry.ts';
import type { CellApi } from '../cell/cell-api.ts';
import { CellError } from '../cell/errors.ts';
import { readWorkflow } from '../cell/workflow-file.ts';
import { ROOT } from '../config.ts';
import { startModelStandIn } from './model-stand-in.ts';
import type { ModelStandIn, Provider } from './model-stand-in.ts';

const ENVIRONMENT = 'prod';
const WORKFLOW = 'incident-triage';
/** Workers believe prices for five seconds before they read them again. */
const PRICES_HOLD_AFTER_MS = 6_000;
/** The stand-in lets everything in; a value must be there because the connectors ask for a credential. */
const KEY = 'key-of-the-stand-in';

/** How each provider is connected: connector, model and credential. */
const SETUPS: Readonly<Record<Provider, { readonly connector: string; readonly model: string; readonly credential: Parameters<CellApi['storeCredential']>[0] }>> = {
  openai: { connector: 'openai', model: 'gpt-5.5-2026-04-23', credential: { name: 'demo-openai', kind: 'bearer', value: { token: KEY } } },
  azure: { connector: 'azure-openai', model: 'gpt-5.5', credential: { name: 'demo-azure', kind: 'api_key', value: { header: 'api-key', value: KEY } } },
  anthropic: { connector: 'anthropic', model: 'claude-sonnet-5', credential: { name: 'demo-anthropic', kind: 'api_key', value: { header: 'x-api-key', value: KEY } } },
};

/** The flagship asking a hosted model, for as long as the demo runs: a stand-in, an instance of its connector, and a version of the workflow. */
export class HostedModel {
  readonly #standIn: ModelStandIn;
  readonly #restore: () => Promise<void>;

  private constructor(standIn: ModelStandIn, restore: () => Promise<void>) {
    this.#standIn = standIn;
    this.#restore = restore;
  }

  static async start(api: CellApi, provider: Provider): Promise<HostedModel> {
    const { connector, model, credential } = SETUPS[provider];
    const name = `demo-${provider}`;
    const known = await api.findInstance(name);
    const standIn = await startModelStandIn(known?.base_url == null ? 0 : Number(new URL(known.base_url).port));
    try {
      if (provider === 'azure') await priceDeployment(api, `${connector}/${model}`);
      if (known === undefined) await connect(api, connector, name, standIn.url, credential);
      const restore = await activate(api, `${connector}/${model}`, name);
      return new HostedModel(standIn, restore);
    } catch (error) {
      await standIn.stop();
      throw error;
    }
  }

  /** How often the model was asked. */
  asked(): number {
    return this.#standIn.asked();
  }

  /** The workflow is what it was before; the stand-in is gone. */
  async stop(): Promise<void> {
    await this.#restore().finally(() => this.#standIn.stop());
  }
}

async function connect(api: CellApi, connector: string, name: string, url: string, credential: Parameters<CellApi['storeCredential']>[0]): Promise<void> {
  const version = CONNECTORS.find(({ manifest }) => manifest.name === connector)?.manifest.version;
  if (version === undefined) throw new CellError('demo_failed', `This version ships no connector ${connector}.`);
  const { id } = await api.storeCredential(credential);
  await api.createInstance({ connector, connector_version: version, name, environment: ENVIRONMENT, base_url: url, allowed_hosts: [new URL(url).host], credential_id: id });
}

/** A deployment's name says nothing of its price, so an admin sets it: here what the demo's contract says. Done once. */
async function priceDeployment(api: CellApi, model: string): Promise<void> {
  const { overrides } = await api.prices();
  if (overrides.some((row) => row.model === model)) return;
  const own = overrides.map(({ set_by: _by, set_at: _at, ...row }) => row);
  const row = (meter: string, usd_per_unit: string) => ({ meter, unit: 'token', model, usd_per_unit, from: '2026-11-01', source: 'the demo\'s contract, made up' });
  await api.setPrices({ overrides: [...own, row('model.input_tokens', '0.000005'), row('model.cached_input_tokens', '0.0000005'), row('model.cache_write_tokens', '0.000005'), row('model.output_tokens', '0.00003')] });
  await setTimeout(PRICES_HOLD_AFTER_MS);
}

/** Publishes the workflow with this model and switches to it. Gives the way back. */
async function activate(api: CellApi, use: string, instance: string): Promise<() => Promise<void>> {
  const before = (await api.workflows()).find(({ name }) => name === WORKFLOW)?.activations.find(({ environment }) => environment === ENVIRONMENT);
  const source = await readWorkflow(path.join(ROOT, 'workflows/incident-triage-hosted.yaml'), (text) =>
    text.replace(/use: \S+ \}/, `use: ${use} }`).replace('uses: model/generate', `uses: model/generate\n      instance: ${instance}`));
  const published = await api.publishWorkflow(source);
  await api.activateWorkflow(published.workflow_id, ENVIRONMENT, published.version);
  return async () => {
    if (before !== undefined) await api.activateWorkflow(published.workflow_id, ENVIRONMENT, before.version);
  };
}
