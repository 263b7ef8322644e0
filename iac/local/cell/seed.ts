import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CONNECTORS } from '@countersign/connectors/registry.ts';
import { ROOT } from '../config.ts';
import type { CellApi } from './cell-api.ts';
import { CellError } from './errors.ts';
import type { CellSecrets } from './data-folder.ts';

export interface Seeded {
  /** Where the sandbox posts its webhooks. */
  readonly webhookUrl: string;
}

export interface SeedPlace {
  readonly secrets: CellSecrets;
  readonly sandboxUrl: string;
  readonly sandboxProxyUrl: string | undefined;
  /** Puts a secret into Secrets Manager; null: secrets are sealed in the database. */
  readonly putSecret: ((name: string, value: object) => Promise<void>) | null;
}

const WORKFLOWS = ['classifier-training', 'incident-triage', 'incident-undo'];
const ENVIRONMENT = 'prod';

/**
 * Makes the first tenant usable, through the public API and nothing else: credentials, instances, workflows. The
 * connectors are published before.
 * Every step looks before it makes, so a start that was interrupted goes on where it stopped.
 */
export async function seed(api: CellApi, place: SeedPlace): Promise<Seeded> {
  const servicenow = await api.findInstance('sandbox') ?? await connectSandbox(api, place, versionOf('servicenow'));
  if (await api.findInstance('local-classifier') === undefined) {
    await api.createInstance({ connector: 'classifier', connector_version: versionOf('classifier'), name: 'local-classifier', environment: ENVIRONMENT });
  }
  for (const workflow of WORKFLOWS) {
    const published = await api.publishWorkflow(await readFile(path.join(ROOT, 'workflows', `${workflow}.yaml`), 'utf8'));
    await api.activateWorkflow(published.workflow_id, ENVIRONMENT, published.version);
  }
  return { webhookUrl: servicenow.webhook_url };
}

async function connectSandbox(api: CellApi, { secrets, sandboxUrl, sandboxProxyUrl: proxyUrl, putSecret }: SeedPlace, version: string) {
  const store = async (name: string, kind: 'basic' | 'webhook_secret', value: Record<string, string>) => {
    await putSecret?.(name, value);
    return api.storeCredential({ name, kind, ...(putSecret === null ? { value } : { secret_ref: `aws-sm:${name}` }) });
  };
  const credential = await store('sandbox-integration-user', 'basic', { username: INTEGRATION_USER, password: secrets.sandbox_integration_password });
  const webhook = await store('sandbox-webhook-secret', 'webhook_secret', { secret: secrets.webhook_secret });
  return api.createInstance({
    connector: 'servicenow', connector_version: version, name: 'sandbox', environment: ENVIRONMENT,
    base_url: sandboxUrl, allowed_hosts: [new URL(sandboxUrl).host], settings: { integration_user: INTEGRATION_USER },
    credential_id: credential.id, webhook_credential_id: webhook.id,
    ...(proxyUrl === undefined ? {} : { connection: { proxy_url: proxyUrl } }),
  });
}

function versionOf(connector: string): string {
  const shipped = CONNECTORS.find(({ manifest }) => manifest.name === connector);
  if (shipped === undefined) throw new CellError('seed_failed', `This version ships no connector ${connector}.`);
  return shipped.manifest.version;
}

/** The sandbox's account that the cell works as; changes by it are our own echo. */
export const INTEGRATION_USER = 'countersign.integration';
