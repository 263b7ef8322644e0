import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { EvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import type { SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import type { OutcomeBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { PrepareResult } from '@countersign/contracts/agent/order-results.ts';
import type { OrderApproval, OrderKind, SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import { canonicalAction } from '@countersign/connectors/gateway/canonical-action.ts';
import type { EgressFactory } from '@countersign/connectors/gateway/instance-egresses.ts';
import { servicenow } from '@countersign/connectors/servicenow/connector.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { TrustedClock } from '../../clock/trusted-clock.ts';
import type { ConnectionConfig } from '../../config/agent-config.ts';
import { localVault } from '../../credentials/local-vault.ts';
import { createAgentPolicy } from '../../policy/agent-policy.ts';
import { agentBundle, heldKeys } from '../../policy/testing/bundles.ts';
import type { AgentPolicy, OrderRunner } from '../../ports.ts';
import { openSpool } from '../../spool/open-spool.ts';
import type { Spool } from '../../spool/spool.ts';
import { createOrderRunner } from '../order-runner.ts';
import type { OrderRunnerOptions } from '../order-runner.ts';
import { contractProblems } from './fits-contract.ts';
import { id, SELF, signedOrder, unsealingKeyOfTests, wholeOrder } from './orders.ts';

export const PASSWORD = 'sandbox-integration';
const APPROVAL_MS = 3_600_000;
const LIMITS = { limit_bytes: 64 * 1024 * 1024, reserve_bytes: 256 * 1024, promised_bytes_per_order: 1024 * 1024 };

export interface WorkplaceOptions extends Partial<Pick<OrderRunnerOptions, 'killSwitches' | 'capacity' | 'connections' | 'policy' | 'egress' | 'spool' | 'vault'>> {
  /** State folder. */
  readonly folder: string;
  /** Of the sandbox. */
  readonly url: string;
  readonly evaluators?: EvaluatorPool;
  readonly machine?: () => Date;
  /** Of this tenant and environment; the seeded policies by default. */
  readonly bundle?: Uint8Array | null;
}

/** An agent with everything real but the session: its spool, its policy and its gateway, at a sandbox of ServiceNow, with orders as a cell makes them. */
export class Workplace {
  readonly runner: OrderRunner;
  readonly spool: Spool;
  readonly policy: AgentPolicy;
  readonly clock: TrustedClock;
  /** What was logged. */
  readonly lines: unknown[];
  /** Requests that left. */
  readonly sent: string[];

  private constructor(parts: Pick<Workplace, 'runner' | 'spool' | 'policy' | 'clock' | 'lines' | 'sent'>) {
    [this.runner, this.spool, this.policy, this.clock, this.lines, this.sent] = [parts.runner, parts.spool, parts.policy, parts.clock, parts.lines, parts.sent];
  }

  static async open({ folder, url, evaluators, machine = () => new Date(), bundle, ...options }: WorkplaceOptions): Promise<Workplace> {
    const clock = new TrustedClock(machine);
    const spool = options.spool ?? await openSpool({ ...LIMITS, folder, clock }, `${SELF.agent_id}/1`);
    const lines: unknown[] = [];
    const log = (fields: object, message: string): void => void lines.push(fields, message);
    const keys = heldKeys();
    const served = bundle === undefined ? (await agentBundle(machine())).bytes : bundle;
    const policy = options.policy ?? createAgentPolicy({
      tenantId: SELF.tenant_id, scope: SELF.environment_id, keys, spool, clock, ttl_ms: 900_000, log: { info: log, warn: log, error: log }, changed: () => undefined,
      ...(evaluators === undefined ? {} : { evaluators }),
      fetchBundle: async (_scope, etag) => {
        if (served === null) throw new TypeError('no connection');
        return etag === null ? { status: 200, body: served, etag: 'served' } : { status: 304 };
      },
    });
    await policy.start();
    const sent: string[] = [];
    const connections = options.connections ?? [connectionTo(url)];
    const runner = createOrderRunner({
      self: SELF, keys, encryptionKey: await unsealingKeyOfTests(), clock, spool, policy, connections, capacity: 8, killSwitches: () => [],
      log: { warn: log, error: log }, changed: () => undefined,
      vault: localVault(connections, { SN_PASSWORD: PASSWORD, SN_USER: 'countersign.integration' }, () => performance.now()), egress: counted(sent), ...options,
    });
    return new Workplace({ runner, spool, policy, clock, lines, sent });
  }

  /** Gives it an order and waits for its end. */
  async carriedOut(envelope: DsseEnvelope): Promise<OutcomeBody | undefined> {
    const intake = await this.runner.take(envelope);
    if (intake.kind !== 'accepted') throw new TypeError(`the order was not accepted: ${JSON.stringify(intake)}`);
    await this.runner.idle();
    return this.outcome(intake.verified.order.id);
  }

  outcome(orderId: string): OutcomeBody | undefined {
    return this.entries('outcome').map(({ body }) => body as OutcomeBody).find(({ order_id }) => order_id === orderId);
  }

  entries(...kinds: string[]): readonly SpoolEntry[] {
    return this.spool.undelivered(10_000, 1e9).entries.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  }

  /** @throws TypeError it has an entry that the cell would not understand */
  async close(): Promise<void> {
    await this.runner.close();
    await this.policy.close();
    const problems = contractProblems(this.entries());
    this.spool.close();
    if (problems.length > 0) throw new TypeError(problems.join('\n'));
  }
}

export function connectionTo(url: string): ConnectionConfig {
  return { name: 'desk', connector: 'servicenow', base_url: url, credential: { kind: 'basic', username: { env: 'SN_USER' }, password: { env: 'SN_PASSWORD' } } };
}

/** `sent`: gets a line for each request, before it leaves. */
export function counted(sent: string[]): EgressFactory {
  return (options) => {
    const egress = createEgress(options);
    return { ...egress, request: (request) => {
      sent.push(`${request.method} ${request.path}`);
      return egress.request(request);
    } };
  };
}

export interface Ordered {
  readonly kind: OrderKind;
  /** `incident.update` */
  readonly action: string;
  readonly parameters: JsonObject;
  readonly prepared?: PrepareResult;
  readonly approval?: OrderApproval | null;
  readonly step?: string;
  readonly fence?: string;
  readonly now?: Date;
  readonly valid_ms?: number;
  readonly changes?: (order: WorkOrder) => WorkOrder;
  /** What is done to it on the way, or by whom it is signed. */
  readonly signing?: Parameters<typeof signedOrder>[2];
}

/** An order for the sandbox as the cell signs it: for an execution with the exact action that was prepared before. */
export function servicenowOrder(ordered: Ordered): Promise<DsseEnvelope> {
  const { kind, action, parameters, prepared, approval, step = id('stp', 's'), fence = '1', now = new Date(), valid_ms = 60_000, changes = (order) => order, signing } = ordered;
  const { order: base } = wholeOrder();
  const manifest = servicenow.manifest.actions[action]!;
  const identity: WorkOrder['identity'] = { ...base.identity, step: { ...base.identity.step, id: step, fence } };
  const call = { ...identity, run: { id: identity.run.id, workflow: 'triage', workflowVersion: 1, workflowDigest: identity.run.workflow_digest }, callKey: identity.call_key };
  const carries = kind === 'execute' || kind === 'reconcile';
  const whole = prepared === undefined ? parameters : prepared.parameters as JsonObject;
  const digested = canonicalAction(call, {
    ...PINNED, action, instance_id: id('ins', 'j'), target: prepared?.target ?? null, parameters: whole,
  }, manifest.content_parameters);
  const order: WorkOrder = changes({
    ...base, id: newId('work_order'), kind, identity, action: `servicenow/${action}`, risk: manifest.risk, action_digest: carries ? digested.digest : null,
    issued_at: now.toISOString(), begin_before: new Date(now.getTime() + valid_ms).toISOString(),
    instance: { ...base.instance, ...PINNED, name: 'desk', settings: { integration_user: 'countersign.integration' } },
    call_id: carries ? base.call_id : null, idempotency_key: carries ? base.idempotency_key : null,
    approval: approval === undefined ? (kind === 'execute' && manifest.risk !== 'read' ? approvalOf(digested.digest, now) : null) : approval,
  });
  const sealed: SealedParameters = {
    parameters: whole, labels: Object.fromEntries(Object.keys(whole).map((name) => [`/${name}`, ['trusted_system'] as const])),
    action_text: carries ? digested.text : null, content: carries ? digested.content : {}, target: carries ? prepared?.target ?? null : null,
  };
  return signedOrder(order, sealed, signing);
}

const PINNED = { connector: 'servicenow', connector_version: servicenow.manifest.version, manifest_digest: servicenow.manifestDigest };

/** By one person with the role that the seeded policies ask for. */
export function approvalOf(action_digest: string, now: Date): OrderApproval {
  const expires_at = new Date(now.getTime() + APPROVAL_MS).toISOString();
  const vote = { id: id('vot', '2'), principal_id: id('prn', '2'), role: 'approver', decision: 'approve', auth_strength: 'link', sign_in_age_ms: 60_000, voted_at: now.toISOString() } as const;
  return { id: id('apr', 'p'), action_digest, tier: 'standard', requested_by: 'workflow:triage', expires_at, required_votes: 1, required_role: 'approver', votes: [vote] };
}
