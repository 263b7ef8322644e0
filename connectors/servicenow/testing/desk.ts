import { expect } from 'vitest';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import type { CallResult, CredentialValue, InstanceView } from '../../gateway/ports.ts';
import { nextAttempt, testIdentity } from '../../gateway/testing/identities.ts';
import { instanceOf, seededPolicy, testGateway } from '../../gateway/testing/test-gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../../gateway/testing/test-gateway.ts';
import type { JsonObject } from '../../sdk/connector.ts';
import { servicenow } from '../connector.ts';
import { startSandbox } from '../sandbox/server.ts';
import type { RunningSandbox, SandboxOptions } from '../sandbox/server.ts';
import type { Row } from '../sandbox/store.ts';
import { SEND_WITHIN_MS } from '../../gateway/held-lease.ts';

const ADMIN = `Basic ${Buffer.from('admin:sandbox-admin').toString('base64')}`;

/** As long may an action take. */
export const ACTION_MS = 60_000;
/** After this long nothing that was sent can still arrive. */
export const SETTLED_MS = ACTION_MS + SEND_WITHIN_MS;

export const basic = (username = 'countersign.integration', password = 'sandbox-integration'): CredentialValue => ({ kind: 'basic', username, password });

export interface ConnectChanges {
  readonly instance?: Partial<InstanceView>;
  readonly credentials?: Readonly<Record<string, CredentialValue>>;
  readonly header_timeout_ms?: number;
  readonly pdp?: TestGatewayOptions['pdp'];
}

/** A sandbox, the seeded policy, and gateways to the one under the other: what the tests of the connector work at. */
export class Desk {
  readonly sandbox: RunningSandbox;
  readonly pdp: Pdp;
  readonly #open: TestGateway[] = [];

  private constructor(sandbox: RunningSandbox, pdp: Pdp) {
    this.sandbox = sandbox;
    this.pdp = pdp;
  }

  static async open(options: SandboxOptions = {}): Promise<Desk> {
    return new Desk(await startSandbox({ incidents: 120, ...options }), await seededPolicy());
  }

  async close(): Promise<void> {
    await this.sandbox.stop();
    await this.pdp.stop();
  }

  /** After each test: the gateways are closed, faults and limits lifted. */
  async clear(): Promise<void> {
    await Promise.all(this.#open.splice(0).map(({ gateway }) => gateway.close()));
    await this.control('POST', 'reset', { records: false });
  }

  /** A gateway to the sandbox under `credential`. */
  connect(credential: CredentialValue = basic(), changes: ConnectChanges = {}): TestGateway {
    const { url } = this.sandbox;
    const made = testGateway({
      connectors: [servicenow],
      instances: [instanceOf(servicenow, { baseUrl: url, allowedHosts: [new URL(url).host], credentialId: 'cred_1', settings: { integration_user: 'countersign.integration' }, ...changes.instance })],
      pdp: changes.pdp ?? this.pdp, credentials: { cred_1: credential, ...changes.credentials },
      ...(changes.header_timeout_ms === undefined ? {} : { header_timeout_ms: changes.header_timeout_ms }),
    });
    this.#open.push(made);
    return made;
  }

  async control(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.sandbox.url}/sandbox/${path}`, {
      method, headers: { authorization: ADMIN, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.status === 204 ? null : response.json();
  }

  /** Raises a ticket in the sandbox and gives its sys_id. */
  async raise(): Promise<string> {
    const { tickets } = await this.control('POST', 'tickets', { count: 1, short_description: 'VPN drops every few minutes', description: 'Since this morning the VPN disconnects.' }) as { tickets: Array<{ sys_id: string }> };
    return tickets[0]!.sys_id;
  }

  /** What the sandbox was asked, by `METHOD table`. */
  async requests(): Promise<string[]> {
    const { requests } = await this.control('GET', 'requests') as { requests: Array<{ method: string; table: string }> };
    return requests.map(({ method, table }) => `${method} ${table}`);
  }

  record(sysId: string): Row {
    return this.sandbox.store.get('incident', sysId)!;
  }

  notes(sysId: string): Row[] {
    return this.sandbox.store.rowsWhere('sys_journal_field', 'element_id', sysId).filter((row) => row['element'] === 'work_notes');
  }

  attachments(sysId: string): readonly Row[] {
    return this.sandbox.store.rowsWhere('sys_attachment', 'table_sys_id', sysId);
  }

  asAdmin(sysId: string, values: object): Promise<Response> {
    return fetch(`${this.sandbox.url}/api/now/table/incident/${sysId}`, { method: 'PATCH', headers: { authorization: ADMIN, accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify(values) });
  }

  /** Asks, is approved, and gives the identity to go on with. */
  async approved(world: TestGateway, parameters: JsonObject, action = 'servicenow/incident.update'): Promise<{ identity: ReturnType<typeof testIdentity>; approvalId: string }> {
    const identity = testIdentity();
    const approvalId = waiting(await world.call(identity, action, parameters));
    world.approve(approvalId);
    return { identity, approvalId };
  }

  /** Attempts of one step as the engine makes them, people approving what they are asked, until one succeeds: at most six. */
  async untilDone(world: TestGateway, identity: ReturnType<typeof testIdentity>, parameters: JsonObject, action = 'servicenow/incident.update'): Promise<{ results: CallResult[]; asked: number }> {
    const results: CallResult[] = [];
    let current = identity;
    for (let attempt = 0; attempt < 6; attempt += 1) {
      current = nextAttempt(current);
      const result = await world.call(current, action, parameters);
      results.push(result);
      if (result.kind === 'uncertain') world.later(SETTLED_MS);
      // As the engine does it: what may be tried again is, after a while.
      if (result.kind === 'failed') world.later(result.error.retryAfterMs ?? 1_000);
      if (result.kind === 'waiting_for_approval') world.approve(result.approvalId);
      if (result.kind === 'succeeded') break;
    }
    return { results, asked: world.store.approvals().length };
  }
}

export function succeeded(result: CallResult): Extract<CallResult, { kind: 'succeeded' }> {
  expect(result, JSON.stringify(result)).toMatchObject({ kind: 'succeeded' });
  return result as Extract<CallResult, { kind: 'succeeded' }>;
}

export function waiting(result: CallResult): string {
  expect(result, JSON.stringify(result)).toMatchObject({ kind: 'waiting_for_approval' });
  return (result as Extract<CallResult, { kind: 'waiting_for_approval' }>).approvalId;
}

export const proposal = (sysId: string): JsonObject => ({ sys_id: sysId, category: 'network', subcategory: 'vpn', impact: '2', urgency: '1', assignment_group: 'Network Operations', work_note: 'Proposed by a test.' });
