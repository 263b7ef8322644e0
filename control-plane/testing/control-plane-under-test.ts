import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role } from '@countersign/contracts/openapi/permissions.ts';
import { loadContract } from '@countersign/platform/http/contract.ts';
import type { ContractOperation } from '@countersign/platform/http/contract.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createKeyFile } from '@countersign/platform/keys/key-file.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { createTestDatabase } from '@countersign/platform/postgres/testing.ts';
import type { TestDatabase } from '@countersign/platform/postgres/testing.ts';
import { readConfig } from '../config.ts';
import type { ControlPlaneConfig } from '../config.ts';
import { initialise, newApiKey } from '../identity/bootstrap.ts';
import { grantRole, insertEnvironment, insertPrincipal, insertTenant, insertTenantDirectory, insertWorkspace } from '../identity/bootstrap-queries.ts';
import { insertApiKey } from '../identity/queries.ts';
import { apiKeyToken, newSecret } from '../identity/tokens.ts';
import { startControlPlane } from '../wiring.ts';
import type { ControlPlane } from '../wiring.ts';

export interface TestTenant {
  readonly tenantId: string;
  readonly workspaceId: string;
  /** The environment `prod`. */
  readonly environmentId: string;
}

export interface TestPrincipal extends TestTenant {
  readonly id: string;
  readonly key: string;
}

export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  // Each test says what it expects in the body.
  readonly body: Record<string, unknown>;
  readonly bytes: Buffer;
}

const BINARY = ['text/plain', 'application/zip', 'application/gzip', 'application/vnd.openpolicyagent.bundles', 'application/x-ndjson'];

/** A whole control plane over real sockets and a database of its own. Every answer is checked against the contract on the way. */
export class ControlPlaneUnderTest {
  readonly database: TestDatabase;
  readonly keys: Keys;
  readonly config: ControlPlaneConfig;
  readonly tenant: TestTenant;
  readonly adminKey: string;
  readonly #folder: string;
  readonly #ring: OpenKeys;
  readonly #contract: readonly ContractOperation[];
  #running: ControlPlane;

  private constructor(parts: { database: TestDatabase; ring: OpenKeys; config: ControlPlaneConfig; tenant: TestTenant; adminKey: string; folder: string; contract: readonly ContractOperation[]; running: ControlPlane }) {
    this.database = parts.database;
    this.keys = parts.ring.keys;
    this.#ring = parts.ring;
    this.config = parts.config;
    this.tenant = parts.tenant;
    this.adminKey = parts.adminKey;
    this.#folder = parts.folder;
    this.#contract = parts.contract;
    this.#running = parts.running;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<ControlPlaneUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), 'control-plane-test-'));
    const database = await createTestDatabase();
    const keyFile = path.join(folder, 'key');
    await createKeyFile(keyFile);
    const config = readConfig({
      COUNTERSIGN_CONTROL_DATABASE_URL: database.controlUrl, COUNTERSIGN_PORT: '0', COUNTERSIGN_PUBLIC_URL: 'http://localhost:8080', COUNTERSIGN_LOG_LEVEL: 'silent', COUNTERSIGN_CHECKPOINT_SECONDS: '1',
      COUNTERSIGN_OBJECTS_DIR: path.join(folder, 'objects'), COUNTERSIGN_KEY_FILE: keyFile, COUNTERSIGN_CONSOLE_DIR: path.join(folder, 'console'),
      // Tests ask more often than anybody should.
      COUNTERSIGN_REQUESTS_PER_MINUTE: '1000000', COUNTERSIGN_REQUESTS_PER_MINUTE_PER_KEY: '1000000', COUNTERSIGN_REQUESTS_PER_MINUTE_PER_ADDRESS: '1000000', ...env,
    });
    const ring = await openKeys(config.keys, { databaseUrl: database.controlUrl });
    const bootstrap = { database: database.control, clock: systemClock, region: config.region, cell: config.cell, slug: config.tenantSlug, publicUrl: config.publicUrl };
    const { tenant_id, workspace_id } = await initialise(bootstrap);
    const { api_key } = await newApiKey(bootstrap, 'tests');
    const tenant = { tenantId: tenant_id, workspaceId: workspace_id, environmentId: await prodOf(database, tenant_id) };
    const contract = await loadContract(fileURLToPath(new URL('../../contracts/openapi/openapi.yaml', import.meta.url)));
    const running = await startControlPlane(config);
    return new ControlPlaneUnderTest({ database, ring, config, tenant, adminKey: api_key, folder, contract, running });
  }

  get url(): string {
    return this.#running.url;
  }

  /** Where `/metrics` is, for a plane that was started with a port for it. */
  get metricsUrl(): string {
    return this.#running.metricsUrl ?? '';
  }

  /** Of a plane that was started with a port for agents. */
  get agentUrl(): string {
    return this.#running.agentUrl ?? '';
  }

  async restart(changes: Partial<ControlPlaneConfig> = {}): Promise<void> {
    await this.#running.stop();
    this.#running = await startControlPlane({ ...this.config, ...changes });
  }

  async stop(): Promise<void> {
    await this.#running.stop();
    await this.#ring.close();
    await this.database.drop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Calls the API with the administrator's key, unless `key` names another (or `null` for none). */
  async api(method: string, apiPath: string, options: { key?: string | null; json?: unknown; body?: string | Uint8Array; headers?: Record<string, string> } = {}): Promise<ApiReply> {
    const key = options.key === undefined ? this.adminKey : options.key;
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const response = await fetch(`${this.url}${apiPath}`, {
      method,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
      ...(body === undefined ? {} : { body }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const parsed = /[/+]json$/.test(mediaType) ? JSON.parse(bytes.toString('utf8')) as Record<string, unknown> : {};
    this.#refuseUndocumented(method, apiPath, response.status, mediaType, parsed);
    return { status: response.status, headers: response.headers, body: parsed, bytes };
  }

  /** Another tenant, as complete as the first. */
  async otherTenant(): Promise<TestTenant> {
    const tenantId = newId('tenant');
    const workspaceId = newId('workspace');
    await this.database.control.forTenant(tenantId, async (tx) => {
      await tx.change(insertTenantDirectory, [tenantId, `t-${tenantId.slice(-10)}`, 'us', 'local']);
      await tx.change(insertTenant, [tenantId, 'Other']);
      await tx.change(insertWorkspace, [tenantId, workspaceId, 'operations', 'Operations']);
      for (const [index, name] of ['dev', 'staging', 'prod'].entries()) await tx.change(insertEnvironment, [tenantId, workspaceId, newId('environment'), name, index + 1]);
    });
    return { tenantId, workspaceId, environmentId: await prodOf(this.database, tenantId) };
  }

  async principal(roles: readonly Role[], tenant: TestTenant = this.tenant, kind: 'person' | 'service' = 'person'): Promise<TestPrincipal> {
    const id = newId('principal');
    const keyId = newId('api_key');
    const { secret, sha256 } = newSecret();
    await this.database.control.forTenant(tenant.tenantId, async (tx) => {
      await tx.change(insertPrincipal, [tenant.tenantId, id, kind, `A ${roles.join(' and ') || 'nobody'}`]);
      for (const role of roles) await tx.change(grantRole, [tenant.tenantId, tenant.workspaceId, id, role]);
      await tx.change(insertApiKey, [tenant.tenantId, keyId, sha256, id, 'tests']);
    });
    return { ...tenant, id, key: apiKeyToken(tenant.tenantId, keyId, secret) };
  }

  /** Types of the audit events about `subjectId`, sealed or not, in the order they were written. */
  async auditTypes(subjectId: string, tenantId = this.tenant.tenantId): Promise<string[]> {
    return (await this.auditEvents(tenantId)).filter((event) => event.subject.id === subjectId).map((event) => event.type);
  }

  async auditEvents(tenantId = this.tenant.tenantId): Promise<Array<{ type: string; subject: { id: string }; data: Record<string, unknown> }>> {
    const rows = await this.database.control.forTenant(tenantId, (tx) => tx.rows<{ body: string }>({ name: 'test.audit', text: 'SELECT body FROM audit.events WHERE tenant_id = $1 ORDER BY pending_no' }, [tenantId]));
    return rows.map((row) => JSON.parse(row.body) as { type: string; subject: { id: string }; data: Record<string, unknown> });
  }

  #refuseUndocumented(method: string, apiPath: string, status: number, mediaType: string, body: unknown): void {
    const pathname = apiPath.split('?')[0] ?? '';
    const operation = this.#contract.find((one) => one.method === method.toLowerCase() && new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname));
    const problems = operation?.checkAnswer(status, mediaType, body) ?? [];
    if (problems.length > 0 && !BINARY.includes(mediaType)) {
      throw new TypeError(`${method} ${apiPath} answered ${status} with what the contract does not say: ${JSON.stringify(problems)} ${JSON.stringify(body)}`);
    }
  }
}

async function prodOf(database: TestDatabase, tenantId: string): Promise<string> {
  const statement = { name: 'test.prod', text: `SELECT id FROM control.environments WHERE tenant_id = $1 AND name = 'prod'` };
  return (await database.control.forTenant(tenantId, (tx) => tx.one<{ id: string }>(statement, [tenantId]))).id;
}
