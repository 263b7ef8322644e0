import { generateKeyPairSync, hash } from 'node:crypto';
import { AGENTS_CHANNEL, agentHintOf } from '@countersign/contracts/agent/hint.ts';
import type { EntryBodies, EntryKind, OutcomeBody, SpoolEntry } from '@countersign/contracts/agent/spool-entry.ts';
import { entryHash, entrySealContext, FIRST_PREV_HASH } from '@countersign/contracts/agent/spool-entry.ts';
import { WORK_ORDER_PAYLOAD } from '@countersign/contracts/agent/work-order.ts';
import type { SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { isSignedBy, openedEnvelope } from '@countersign/contracts/evidence/dsse-verify.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { CallRequest, CallResult } from '@countersign/connectors/gateway/ports.ts';
import { fixedPolicy, instanceOf, testGateway } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { TestGateway } from '@countersign/connectors/gateway/testing/test-gateway.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { Listener, notify } from '@countersign/platform/postgres/listener.ts';
import { unsealFrom, unsealingKey } from '@countersign/platform/sealing/jwe.ts';
import { ledger } from './ledger-connector.ts';
import type { Plant } from './plant.ts';
import { placeInstance, readQueued, seedAgent, seedPool, writeEntries, writeSeen } from './agent-queries.ts';
import type { PlantedAgent } from './agent-queries.ts';

export type TestPool = { readonly id: string; readonly name: string; readonly orderValidMs: number };

/** A pool in the plant, and from now on the only way to its instance. */
export async function placeInPool(plant: Plant, orderValidMs = 60_000): Promise<TestPool> {
  const pool = { id: newId('agent_pool'), name: 'onprem', orderValidMs };
  await plant.database.control.forTenant(plant.ids.tenantId, async (tx) => {
    await seedPool(tx, plant.ids, pool);
    await placeInstance(tx, plant.ids, pool.id);
  });
  return pool;
}

/** What is done with an order instead of carrying it out well. */
export type OrderFault = 'outcome_kept' | 'left_alone' | 'refused';

/**
 * A stand-in for an agent and for the listener that it talks to: it takes its orders from where the listener reads them, checks the signature, opens what is
 * sealed to it, carries them out by a gateway of its own, and puts its entries where the listener puts them. The agent itself is in `agent/`.
 */
export class TestAgent implements PlantedAgent {
  readonly tenantId: string;
  readonly agentId = newId('agent');
  readonly poolId: string;
  readonly taken: WorkOrder[] = [];
  /** For the next orders of a kind, one each. */
  readonly faults: Partial<Record<WorkOrder['kind'], OrderFault[]>> = {};
  /** Outcomes that were kept back: what it would say once it can. */
  readonly kept: OutcomeBody[] = [];
  readonly #plant: Plant;
  readonly #epoch = newId('agent');
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #gateway: TestGateway;
  /** The listener's. */
  readonly #ring: OpenKeys;
  readonly #listener: Listener;
  readonly #known = new Set<string>();
  #head = { seq: 0, hash: FIRST_PREV_HASH };
  #turn: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(plant: Plant, pool: TestPool, ring: OpenKeys) {
    this.#plant = plant;
    this.#ring = ring;
    const { host } = plant.ledger;
    this.tenantId = plant.ids.tenantId;
    this.poolId = pool.id;
    const instance = instanceOf(ledger, { id: plant.ids.instanceId, name: 'books', baseUrl: `http://${host}`, allowedHosts: [host] });
    this.#gateway = testGateway({ connectors: [ledger], instances: [instance], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })) });
    this.#listener = new Listener(plant.database.controlUrl, { [AGENTS_CHANNEL]: (payload) => { if (agentHintOf(payload)?.agent_id === this.agentId) this.#poll(); } }, () => undefined);
  }

  static async enrol(plant: Plant, pool: TestPool): Promise<TestAgent> {
    const agent = new TestAgent(plant, pool, await openKeys(plant.config().keys, { databaseUrl: plant.database.executionUrl }));
    await plant.database.control.forTenant(plant.ids.tenantId, (tx) => seedAgent(tx, agent, {
      tokenId: newId('enrolment_token'), encryptionJwk: agent.#pair.publicKey.export({ format: 'jwk' }), epoch: agent.#epoch, firstHash: FIRST_PREV_HASH,
      policyScope: plant.ids.environmentId, connections: [{ name: 'books', connector: 'ledger' }],
    }));
    return agent;
  }

  async start(): Promise<void> {
    await this.#listener.start();
    // A notification may be lost; and every poll is a heartbeat.
    this.#timer = setInterval(() => this.#poll(), 1_000);
    this.#poll();
    await this.#turn;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#listener.stop();
    await this.#turn;
    await this.#gateway.gateway.close();
    await this.#ring.close();
  }

  /** Says nothing from now on, as if its last poll had been so long ago. */
  async vanish(msAgo = 20_000): Promise<void> {
    clearInterval(this.#timer);
    await this.#listener.stop();
    await this.#turn;
    await this.#plant.database.control.forTenant(this.tenantId, (tx) => writeSeen(tx, this, msAgo));
  }

  /** Delivers entries, in one delivery. */
  async deliver(...said: ReadonlyArray<{ readonly [Kind in EntryKind]: { readonly kind: Kind; readonly body: EntryBodies[Kind]; readonly occurred_at?: string } }[EntryKind]>): Promise<void> {
    const entries = said.map(({ kind, body, occurred_at = new Date().toISOString() }): SpoolEntry => {
      const entry = { seq: this.#head.seq + 1, kind, occurred_at, clock_offset_ms: 0, body };
      this.#head = { seq: entry.seq, hash: entryHash(this.#epoch, this.#head.hash, entry) };
      return { ...entry, hash: this.#head.hash };
    });
    const sealed = await Promise.all(entries.map(async (entry) => ({ entry, sealed: await this.#ring.keys.seal(this.tenantId, 'content', entrySealContext(this.agentId, this.#epoch, entry.seq), Buffer.from(JSON.stringify(entry.body))) })));
    await this.#plant.database.control.forTenant(this.tenantId, (tx) => writeEntries(tx, this, this.#epoch, sealed));
    await notify(this.#plant.database.control.pool, AGENTS_CHANNEL, JSON.stringify({ tenant_id: this.tenantId, agent_id: this.agentId, about: 'entries', order_id: null }));
  }

  #poll(): void {
    this.#turn = this.#after(this.#turn);
  }

  /** One poll at a time. */
  async #after(before: Promise<void>): Promise<void> {
    await before;
    const queued = await this.#plant.database.control.forTenant(this.tenantId, async (tx) => {
      await writeSeen(tx, this, 0);
      return readQueued(tx, this);
    });
    for (const { id, envelope } of queued) if (!this.#known.has(id)) await this.#take(id, envelope);
  }

  async #take(id: string, envelope: string): Promise<void> {
    this.#known.add(id);
    const { order, sealed } = await this.#opened(envelope);
    this.taken.push(order);
    const fault = this.faults[order.kind]?.shift();
    if (fault === 'left_alone') return;
    if (fault === 'refused') return this.deliver({ kind: 'order.refused', body: { order_id: id, kid: null, refusal: 'package_changed', envelope_sha256: hash('sha256', envelope, 'hex') } });
    await this.deliver({ kind: 'order.accepted', body: { order_id: id, kind: order.kind } });
    if (order.kind === 'watch') return;
    const body = await this.#carriedOut(order, sealed);
    if (fault === 'outcome_kept') this.kept.push(body);
    else await this.deliver({ kind: 'outcome', body });
  }

  async #opened(envelope: string): Promise<{ readonly order: WorkOrder; readonly sealed: SealedParameters }> {
    const opened = openedEnvelope(JSON.parse(envelope), WORK_ORDER_PAYLOAD)!;
    const { publicJwk } = await this.#ring.keys.signingKey(this.tenantId, 'work_order');
    if (!isSignedBy({ ...publicJwk }, WORK_ORDER_PAYLOAD, opened.payload, opened.signatures[0]!.signature)) throw new TypeError('The order is not signed by the key for orders.');
    const order = JSON.parse(Buffer.from(opened.payload).toString('utf8')) as WorkOrder;
    const key = await unsealingKey(this.#pair.privateKey.export({ format: 'jwk' }) as Record<string, string>);
    const clear = await unsealFrom(key, { from: this.tenantId, to: this.agentId }, order.sealed);
    return { order, sealed: JSON.parse(Buffer.from(clear!).toString('utf8')) as SealedParameters };
  }

  async #carriedOut(order: WorkOrder, sealed: SealedParameters): Promise<OutcomeBody> {
    const record = { order_id: order.id, error: null, usage: [], exchanges: { request_digest: null, response_digest: null, may_have_changed: false }, duration_ms: 1 };
    const request: CallRequest = { identity: identityIn(order), action: order.action, instanceName: 'books', parameters: sealed.parameters as JsonObject, labels: sealed.labels, model: null, signal: new AbortController().signal };
    if (order.kind === 'prepare') {
      const answer = await this.#gateway.gateway.prepare(request, order.follows_approval);
      return answer.kind === 'prepared' ? { ...record, state: 'succeeded', result: { ...answer.prepared, action_digest: answer.digest } } : { ...record, ...failed(answer) };
    }
    if (order.kind === 'reconcile') return { ...record, state: 'succeeded', result: this.#found(order) };
    const result = await this.#gateway.gateway.call({ ...request, fixed: { actionText: sealed.action_text!, actionDigest: order.action_digest!, content: sealed.content, target: sealed.target } });
    if (result.kind !== 'succeeded') return { ...record, ...failed(result) };
    return { ...record, state: 'succeeded', result: { output: result.output, receipt: result.receipt, nested_labels: [], hidden: {} } };
  }

  /** As the ledger shows it. */
  #found({ identity, action_digest }: WorkOrder): Readonly<Record<string, unknown>> {
    const reference = `${identity.run.id}/${action_digest!.slice('sha256:'.length, 'sha256:'.length + 12)}`;
    const effect = this.#plant.ledger.effects.find((one) => one.reference === reference);
    return effect === undefined ? { happened: false } : { happened: true, output: { ...this.#plant.ledger.records.get(effect.id) }, receipt: null, hidden: {} };
  }
}

function failed(result: Exclude<CallResult, { kind: 'succeeded' }>): Pick<OutcomeBody, 'state' | 'result' | 'error'> {
  const error = result.kind === 'failed' || result.kind === 'uncertain' ? result.error : { code: result.kind, message: result.kind, retryable: false };
  return { state: result.kind === 'uncertain' ? 'uncertain' : 'failed', result: null, error: { code: error.code, message: error.message, retryable: error.retryable, retry_after_ms: null } };
}

function identityIn({ identity: { tenant, workspace, environment, run, step, call_key } }: WorkOrder): CallIdentity {
  return { tenant, workspace, environment, step, callKey: call_key, run: { id: run.id, workflow: run.workflow, workflowVersion: run.workflow_version, workflowDigest: run.workflow_digest } };
}
