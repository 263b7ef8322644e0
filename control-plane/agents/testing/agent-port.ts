import { createPublicKey, hash, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AGENTS_CHANNEL } from '@countersign/contracts/agent/hint.ts';
import { spiffeIdOf, readSpiffeId } from '@countersign/contracts/agent/spiffe-id.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import { openFileAuthority } from '@countersign/platform/certificates/file-authority.ts';
import { issueCertificate } from '@countersign/platform/certificates/issue.ts';
import type { CertificateWish } from '@countersign/platform/certificates/issue.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { notify } from '@countersign/platform/postgres/listener.ts';
import { Authenticator } from '../../identity/authenticator.ts';
import type { Principal } from '../../identity/principal.ts';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';
import type { TestTenant } from '../../testing/control-plane-under-test.ts';
import { moveAgent } from '../identity/agent-state.ts';
import { EnrolmentTokens } from '../identity/tokens.ts';
import { AgentClient, enrolled } from './agent-client.ts';
import type { TestIdentity } from './agent-client.ts';
import { insertPool, readAgents, setCertificate } from './queries.ts';
import type { AgentStateRow } from './queries.ts';

export type EnrolledAgent = Awaited<ReturnType<typeof enrolled>>;

/** A whole control plane with an agent port, and what is needed to get at it. */
export class AgentPort {
  readonly plane: ControlPlaneUnderTest;
  readonly ca_pem: string;
  /** The cell's own, as its process has it: with it a test makes what the cell would not. */
  readonly authority: CertificateAuthority;
  readonly poolId: string;
  readonly #folder: string;

  private constructor(plane: ControlPlaneUnderTest, authority: CertificateAuthority, poolId: string, folder: string) {
    this.plane = plane;
    this.ca_pem = authority.certificate_pem;
    this.authority = authority;
    this.poolId = poolId;
    this.#folder = folder;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<AgentPort> {
    const folder = await mkdtemp(path.join(tmpdir(), 'agent-port-'));
    const plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_AGENT_PORT: '0', COUNTERSIGN_AGENT_CA: `file:${folder}`, ...env });
    const poolId = await addPool(plane, plane.tenant, 'onprem');
    return new AgentPort(plane, await openFileAuthority(folder, `Countersign agents of ${plane.config.cell}`, new Date()), poolId, folder);
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

  async agent(): Promise<EnrolledAgent> {
    return enrolled(this.url, this.ca_pem, await this.token());
  }

  open(...[identity, options]: [identity: Parameters<typeof AgentClient.open>[2], options?: Parameters<typeof AgentClient.open>[3]]): Promise<AgentClient> {
    return AgentClient.open(this.url, this.ca_pem, identity, options);
  }

  /** Another certificate for the key of `agent`, which the cell has on record as its last unless `changes` say otherwise. */
  async certified(agent: EnrolledAgent, changes: Partial<CertificateWish> & { readonly authority?: CertificateAuthority; readonly isOnRecord?: boolean } = {}): Promise<TestIdentity> {
    const { authority = this.authority, isOnRecord = true, ...wish } = changes;
    const { agent_id, spiffe_id, tenant } = agent.answer;
    const whole: CertificateWish = {
      name: agent_id, use: 'client', publicKey: createPublicKey(agent.key).export({ type: 'spki', format: 'der' }), alternative_names: [{ type: 'url', value: spiffe_id }],
      not_before: new Date(Date.now() - 3_600_000), not_after: new Date(Date.now() + 3_600_000), ...wish,
    };
    const { pem, serial } = await issueCertificate(whole, authority.name, authority.signer);
    if (isOnRecord) await this.plane.database.control.forTenant(tenant.id, (tx) => tx.change(setCertificate, [tenant.id, agent_id, serial, whole.not_after]));
    return { certificate_pem: pem, key: agent.key };
  }

  /** The SPIFFE id of `agent` with another part. */
  renamed({ answer }: EnrolledAgent, changes: Partial<NonNullable<ReturnType<typeof readSpiffeId>>>): string {
    return spiffeIdOf({ ...readSpiffeId(answer.spiffe_id)!, ...changes });
  }

  /** As the API does: the state, its event, and the hint after the commit. */
  async revoke(agentId: string): Promise<void> {
    const { database, tenant: { tenantId } } = this.plane;
    const moved = await database.control.forTenant(tenantId, (tx) => moveAgent(tx, { at: new Date(), tenantId, workspaceId: null, agentId, to: 'revoked', actor: { kind: 'person', id: 'prn_test' }, reason: 'Lost' }));
    if (moved.kind !== 'moved') throw new TypeError(`not revoked: ${moved.kind}`);
    await notify(database.control.pool, AGENTS_CHANNEL, JSON.stringify({ tenant_id: tenantId, agent_id: agentId, about: 'state', order_id: null }));
  }

  agents(tenantId = this.plane.tenant.tenantId): Promise<AgentStateRow[]> {
    return this.plane.database.control.forTenant(tenantId, (tx) => tx.rows<AgentStateRow>(readAgents, [tenantId]));
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
