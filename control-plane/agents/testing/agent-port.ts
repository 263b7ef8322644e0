import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hash, X509Certificate } from 'node:crypto';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { Authenticator } from '../../identity/authenticator.ts';
import type { Principal } from '../../identity/principal.ts';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';
import type { TestTenant } from '../../testing/control-plane-under-test.ts';
import { EnrolmentTokens } from '../identity/tokens.ts';
import { AgentClient, enrolled } from './agent-client.ts';
import { insertPool } from './queries.ts';

/** A whole control plane with an agent port, and what is needed to get at it. */
export class AgentPort {
  readonly plane: ControlPlaneUnderTest;
  readonly ca_pem: string;
  readonly poolId: string;
  readonly #folder: string;

  private constructor(plane: ControlPlaneUnderTest, ca_pem: string, poolId: string, folder: string) {
    this.plane = plane;
    this.ca_pem = ca_pem;
    this.poolId = poolId;
    this.#folder = folder;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<AgentPort> {
    const folder = await mkdtemp(path.join(tmpdir(), 'agent-port-'));
    const plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_AGENT_PORT: '0', COUNTERSIGN_AGENT_CA: `file:${folder}`, ...env });
    const poolId = await addPool(plane, plane.tenant, 'onprem');
    return new AgentPort(plane, await readFile(path.join(folder, 'agent-ca.crt'), 'utf8'), poolId, folder);
  }

  get url(): string {
    return this.plane.agentUrl;
  }

  get tokens(): EnrolmentTokens {
    return new EnrolmentTokens({ database: this.plane.database.control, clock: systemClock, cell: () => ({ url: this.url, ca_sha256: hash('sha256', new X509Certificate(this.ca_pem).raw, 'hex') }) });
  }

  async admin(tenant: TestTenant = this.plane.tenant): Promise<Principal> {
    const { key } = await this.plane.principal(['admin'], tenant);
    const principal = await new Authenticator(this.plane.database.control).byBearer(key);
    if (principal === null) throw new TypeError('the key of an admin is not known');
    return principal;
  }

  async token(): Promise<string> {
    return (await this.tokens.create(await this.admin(), this.poolId)).token;
  }

  async agent(): ReturnType<typeof enrolled> {
    return enrolled(this.url, this.ca_pem, await this.token());
  }

  open(...[identity, options]: [identity: Parameters<typeof AgentClient.open>[2], options?: Parameters<typeof AgentClient.open>[3]]): Promise<AgentClient> {
    return AgentClient.open(this.url, this.ca_pem, identity, options);
  }

  async stop(): Promise<void> {
    await this.plane.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export async function addPool(plane: ControlPlaneUnderTest, { tenantId, workspaceId, environmentId }: TestTenant, name: string): Promise<string> {
  const id = newId('agent_pool');
  await plane.database.control.forTenant(tenantId, (tx) => tx.change(insertPool, [tenantId, id, workspaceId, environmentId, name]));
  return id;
}
