import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { Seeded } from '@countersign/execution-plane/simulation/seeded.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createKeyFile } from '@countersign/platform/keys/key-file.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { createQueues } from '@countersign/platform/queue/create-queues.ts';
import { SqsQueue } from '@countersign/platform/queue/sqs-queue.ts';
import { AdversarialSqs } from '@countersign/platform/queue/testing/http/adversarial-sqs.ts';
import { bootstrapTenant, newApiKey } from '../cell/bootstrap.ts';
import { CellApi } from '../cell/cell-api.ts';
import { CellProcess } from '../cell/child-process.ts';
import { Fleet } from '../chaos/fleet.ts';
import { BOOK } from '../chaos/peer/connector.ts';
import { ScratchCell } from '../chaos/scratch-cell.ts';
import { Tickets } from './tickets.ts';

export const MAX_ATTEMPTS = 3;
export const MAX_RECEIVES = 3;
const LEASE_MS = 2_000;
const QUEUE = 'work';

const WORKFLOW = `apiVersion: countersign.dev/v1
kind: Workflow
metadata: { name: desk, description: Reads what was created }
spec:
  trigger: { connector: book, event: record.created }
  steps:
    - id: read
      uses: book/record.get
      with: { id: "\${{ trigger.id }}" }
      retry: { max_attempts: ${MAX_ATTEMPTS}, backoff: fixed, initial_ms: 20 }
`;

/** A cell with both planes, a queue and a system of record, all of them processes and sockets: what is sent comes in as it would anywhere. */
export class PoisonedCell {
  readonly tickets: Tickets;
  readonly queue: SqsQueue;
  readonly sqs: AdversarialSqs;
  readonly scratch: ScratchCell;
  readonly keys: Keys;
  readonly tenantId: string;
  readonly instanceId: string;
  readonly #url: string;
  readonly #secret: string;
  readonly #stop: () => Promise<void>;

  private constructor(parts: { tickets: Tickets; queue: SqsQueue; sqs: AdversarialSqs; scratch: ScratchCell; keys: Keys; tenantId: string; instanceId: string; url: string; secret: string; stop: () => Promise<void> }) {
    this.tickets = parts.tickets;
    this.queue = parts.queue;
    this.sqs = parts.sqs;
    this.scratch = parts.scratch;
    this.keys = parts.keys;
    this.tenantId = parts.tenantId;
    this.instanceId = parts.instanceId;
    this.#url = parts.url;
    this.#secret = parts.secret;
    this.#stop = parts.stop;
  }

  static async open(): Promise<PoisonedCell> {
    const scratch = await ScratchCell.open();
    const logsDir = scratch.path('logs');
    mkdirSync(logsDir);
    const [keyFile, objects] = [scratch.path('key'), scratch.path('objects')];
    await createKeyFile(keyFile);
    const ring = await openKeys({ root: { kind: 'file', file: keyFile }, also: [] }, { databaseUrl: scratch.url('countersign_execution') });
    const tickets = new Tickets();
    const peerUrl = await tickets.listen();
    const sqs = await AdversarialSqs.start();
    const queueUrl = await createQueues({ endpoint: sqs.endpoint, region: null }, { name: QUEUE, maxReceives: MAX_RECEIVES });
    const access = { controlDatabaseUrl: scratch.url('countersign_control'), publicUrl: 'http://localhost:8080' };
    const { tenant_id } = await bootstrapTenant(access);
    const controlPlane = new CellProcess({
      name: 'control-plane', entry: 'control-plane/main.ts', logsDir, verbose: false, say: () => undefined,
      env: { COUNTERSIGN_CONTROL_DATABASE_URL: access.controlDatabaseUrl, COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_OBJECTS_DIR: objects, COUNTERSIGN_PORT: '0', COUNTERSIGN_LOG_LEVEL: 'warn' },
    });
    const url = (await controlPlane.start()).listening ?? '';
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const instanceId = await furnish(new CellApi(url, await newApiKey(access, 'poison')), peerUrl, secret);
    const fleet = new Fleet({
      workers: 2, logsFolder: logsDir, random: new Seeded('poison'),
      environment: {
        COUNTERSIGN_EXECUTION_DATABASE_URL: scratch.url('countersign_execution'), COUNTERSIGN_OBJECTS_DIR: objects, COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_LEASE_MS: String(LEASE_MS),
        COUNTERSIGN_RECONCILE_SECONDS: '0', COUNTERSIGN_POLICY_THREADS: '1', COUNTERSIGN_LOG_LEVEL: 'warn', COUNTERSIGN_QUEUE_URL: queueUrl, COUNTERSIGN_QUEUE_ENDPOINT: sqs.endpoint,
      },
    });
    await fleet.start();
    const queue = new SqsQueue({ endpoint: sqs.endpoint, region: null, queueUrl });
    const stop = async (): Promise<void> => {
      await fleet.stop();
      await controlPlane.stop();
      queue.close();
      await Promise.all([sqs.stop(), tickets.close(), ring.close()]);
      await scratch.close(false);
    };
    return new PoisonedCell({ tickets, queue, sqs, scratch, keys: ring.keys, tenantId: tenant_id, instanceId, url, secret, stop });
  }

  /** A webhook as the system of record signs it (Standard Webhooks); `secret`: as somebody else would. */
  async webhook(body: string, secret = this.#secret): Promise<{ status: number; reply: Record<string, unknown> }> {
    const id = randomUUID();
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const mac = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(`${id}.${timestamp}.${body}`).digest('base64');
    const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
    const response = await fetch(`${this.#url}/api/v1/ingest/book/${this.instanceId}`, { method: 'POST', body, headers });
    return { status: response.status, reply: await response.json() as Record<string, unknown> };
  }

  /** Messages that were moved aside because nobody could read them. */
  deadMessages(): number {
    const dead = this.sqs.queues.get(`${QUEUE}-dead-letters`)?.count();
    return (dead?.visible ?? 0) + (dead?.hidden ?? 0);
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

/** Through the public API alone. Gives the instance's id. */
async function furnish(api: CellApi, peerUrl: string, secret: string): Promise<string> {
  const { manifest } = BOOK;
  await api.publishConnector(manifest);
  const webhook = await api.storeCredential({ name: 'book-webhook', kind: 'webhook_secret', value: { secret } });
  const instance = await api.createInstance({ connector: manifest.name, connector_version: manifest.version, name: 'book', environment: 'prod', base_url: peerUrl, allowed_hosts: [new URL(peerUrl).host], webhook_credential_id: webhook.id });
  const published = await api.publishWorkflow(WORKFLOW);
  await api.activateWorkflow(published.workflow_id, 'prod', published.version);
  return instance.id;
}

export const OTHER_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const OTHER_INSTANCE = newId('connector_instance');
