import type { OrderInstance } from '@countersign/contracts/agent/work-order.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { Call, PlannedAction } from '@countersign/connectors/gateway/call.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { withContent } from '@countersign/connectors/gateway/content-parameters.ts';
import type { Intended } from '@countersign/connectors/gateway/intended.ts';
import type { Performed } from '@countersign/connectors/gateway/performed.ts';
import type { CallError, DecisionRecord, ExistingEffect, PoolView, Situation } from '@countersign/connectors/gateway/ports.ts';
import type { Looked } from '@countersign/connectors/gateway/looked.ts';
import type { RemotePlace } from '@countersign/connectors/gateway/remote-place.ts';
import { readStoredAction } from '@countersign/connectors/gateway/stored-action.ts';
import type { Prepared } from '@countersign/connectors/sdk/connector.ts';
import type { Journals } from '../commit/journals.ts';
import { ExecutionError } from '../errors.ts';
import { chooseAgent } from './choose-agent.ts';
import type { KnownAgents } from './known-agents.ts';
import type { OrderWaits, Waited } from './order-waits.ts';
import { orderFacts } from './order-facts.ts';
import type { OrderFactsParts } from './order-facts.ts';
import { toldOf } from './outcomes-at-rest.ts';
import { brokenOff, effectBy, foundBy, performedBy, preparedBy, refusalError } from './read-outcome.ts';
import { giveUpOrder, hasUntakenOutcome, readEffectOrder } from './repository-orders.ts';
import type { EffectOrder } from './repository-orders.ts';
import { writeOrder } from './write-order.ts';
import type { OrderDraft, OrderParts, WrittenOrder } from './write-order.ts';

export interface AgentPlaceParts extends OrderParts, OrderFactsParts {
  readonly situation: Situation;
  readonly agents: KnownAgents;
  readonly waits: OrderWaits;
  readonly journals: Journals;
}

/** What became of asking an agent; `error`: nobody was asked. */
type Asked = { readonly order: WrittenOrder; readonly waited: Waited } | { readonly error: CallError };

const NOT_ORDERED: CallError = { code: 'agent_not_reached', retryable: true, message: 'The worker was lost before it had ordered anything of an agent.' };

/** How long until it is looked again for what nobody can look for now. */
const NOBODY_LOOKS_MS = 5_000;

/** Calls to instances that only agents reach: each is an order to one of them, and a wait for what it says. */
export class AgentPlace implements RemotePlace {
  readonly #parts: AgentPlaceParts;

  constructor(parts: AgentPlaceParts) {
    this.#parts = parts;
  }

  async admit(call: Call): Promise<CallError | null> {
    const { database, agents } = this.#parts;
    const { identity } = call.request;
    const pool = poolOf(call);
    const choice = chooseAgent(await agents.of(identity.tenant.id, pool.id), { pool, policyScope: bundleScope(identity.environment.id), connector: call.instance.connector, instanceName: call.instance.name });
    if ('agent' in choice) return null;
    // What was said before the agents went is settled without them.
    const hasNews = call.changesSomething && await database.forTenant(identity.tenant.id, (tx) => hasUntakenOutcome(tx, identity));
    return hasNews ? null : choice.error;
  }

  async prepare(call: Call, follows: string | null): Promise<{ readonly prepared: Prepared } | { readonly error: CallError }> {
    const { parameters, labels } = call.request;
    const asked = await this.#ask(call, {
      ...await this.#draftOf(call), kind: 'prepare', followsApproval: follows, sealed: { parameters, labels, action_text: null, content: {}, target: null },
    });
    if ('error' in asked) return asked;
    const { order, waited } = asked;
    if (waited.kind === 'outcome') return preparedBy(waited.body);
    return { error: waited.kind === 'refused' ? refusalError(waited.refusal, order.agentId) : await this.#notHeardOf(call, asked) };
  }

  async perform(call: Call, plan: PlannedAction, { callId, decision }: Intended): Promise<Performed> {
    const started = performance.now();
    const took = (): number => Math.round(performance.now() - started);
    const draft = await this.#draftOf(call, decision).catch(unknownSituation);
    if ('error' in draft) return brokenOff('failed', draft.error, took());
    const asked = await this.#ask(call, {
      ...draft, kind: 'execute', callId, actionDigest: plan.digest,
      sealed: { parameters: plan.parameters, labels: call.request.labels, action_text: plan.text, content: plan.content, target: plan.action.target },
    });
    if ('error' in asked) return brokenOff('failed', asked.error, took());
    const { order, waited } = asked;
    if (waited.kind === 'outcome') return performedBy(waited.body, call.changesSomething, took());
    if (waited.kind === 'refused') return brokenOff('failed', refusalError(waited.refusal, order.agentId), took());
    // The order may be on the agent's disk, and done: nobody knows until it is heard of, or somebody has looked.
    return brokenOff(call.changesSomething ? 'uncertain' : 'failed', await this.#notHeardOf(call, asked, call.changesSomething), took());
  }

  async told(call: Call, effect: ExistingEffect): Promise<Looked | null> {
    const { keys } = this.#parts;
    const tenantId = call.request.identity.tenant.id;
    const order = await this.#orderOf(call, effect);
    // Whoever wrote the intent has lost the step since, so that no order of it can be written any more. Of another step's that is not known.
    if (order === undefined) return effect.ofThisCall ? { happened: false, error: NOT_ORDERED } : null;
    const told = await toldOf(keys, tenantId, order);
    if (told === null) return null;
    return told.kind === 'refused' ? { happened: false, error: refusalError(told.refusal, order.agent_id) } : effectBy(told.body);
  }

  async reconcile(call: Call, effect: ExistingEffect): Promise<Looked> {
    const stored = readStoredAction(effect.actionText, effect.actionDigest);
    if (stored === null) throw new TypeError(`${effect.callId} was read as an action before.`);
    const { action } = stored;
    const before = await this.#orderOf(call, effect);
    const parameters = withContent(action.parameters, call.manifest.content_parameters, effect.content);
    const asked = await this.#ask(call, {
      ...await this.#draftOf(call), kind: 'reconcile', callId: effect.callId, actionDigest: effect.actionDigest, preferredAgent: before?.agent_id ?? null,
      identity: ofEffect(call.request.identity, effect.runId, action),
      sealed: { parameters, labels: call.request.labels, action_text: effect.actionText, content: effect.content, target: action.target },
    });
    if ('error' in asked) return { happened: 'unknown', why: asked.error.message, retryAfterMs: asked.error.retryAfterMs ?? NOBODY_LOOKS_MS };
    const { order, waited } = asked;
    if (waited.kind === 'outcome') return foundBy(waited.body);
    const why = waited.kind === 'refused' ? refusalError(waited.refusal, order.agentId) : await this.#notHeardOf(call, asked);
    return { happened: 'unknown', why: why.message, retryAfterMs: why.retryAfterMs ?? NOBODY_LOOKS_MS };
  }

  #orderOf(call: Call, effect: ExistingEffect): Promise<EffectOrder | undefined> {
    const tenantId = call.request.identity.tenant.id;
    return this.#parts.database.forTenant(tenantId, (tx) => readEffectOrder(tx, tenantId, effect.callId));
  }

  async #ask(call: Call, draft: OrderDraft): Promise<Asked> {
    // An order proves the lease, whose claim may be noted and not yet written: what precedes an intent goes with it, but not every order has one.
    await this.#parts.journals.of(call.request.identity)?.flush();
    const order = await writeOrder(this.#parts, draft);
    if ('error' in order) return order;
    const { identity, signal } = call.request;
    // The action may begin at the last moment, and then takes what it takes.
    const most_ms = order.validForMs + actionMs(call);
    const waited = await this.#parts.waits.wait({ tenantId: identity.tenant.id, agentId: order.agentId, orderId: order.id }, most_ms, signal);
    return { order, waited };
  }

  /** An order that only reads is done with; a write that was ordered may still be carried out until its order is over. */
  async #notHeardOf(call: Call, { order, waited }: { readonly order: WrittenOrder; readonly waited: Waited }, mayStillChange = false): Promise<CallError> {
    const { database } = this.#parts;
    const tenantId = call.request.identity.tenant.id;
    if (!mayStillChange) await database.forTenant(tenantId, (tx) => giveUpOrder(tx, tenantId, order.id));
    if (waited.kind === 'stopped') return { code: 'call_aborted', retryable: true, message: `${call.request.action} was stopped while the agent ${order.agentId} was asked.` };
    const why = waited.kind === 'lost' ? waited.why : 'Nothing was heard of it';
    return { code: 'agent_not_reached', retryable: true, message: `The agent ${order.agentId} was asked to carry out ${call.request.action}. ${why}.` };
  }

  async #draftOf(call: Call, decision: DecisionRecord | null = null): Promise<Omit<OrderDraft, 'kind' | 'sealed'>> {
    const { request, manifest } = call;
    const { identity, action, routedFrom, within } = request;
    const pool = poolOf(call);
    return {
      holder: identity, identity, pool, action, risk: manifest.risk, callId: null, actionDigest: null, decision, validMs: pool.orderValidMs,
      facts: await orderFacts(this.#parts, identity, { action, instanceId: call.instance.id }, decision), situation: await this.#parts.situation.of(identity),
      instance: orderInstance(call), within: within ?? null,
      routedFrom: routedFrom === undefined ? null : { target: routedFrom.target, decision_id: routedFrom.decisionId },
    };
  }
}

/** The intent is written, and nothing has been ordered: the step need not wait until nothing can come of it. */
function unknownSituation(error: unknown): { readonly error: CallError } {
  if (!(error instanceof ExecutionError)) throw error;
  return { error: { code: error.code, message: error.message, retryable: true } };
}

function poolOf({ instance }: Call): PoolView {
  if (instance.pool == null) throw new TypeError(`${instance.name} is of no pool.`);
  return instance.pool;
}

/** Of the action itself: `call` has the time that its order may take to begin on top. */
function actionMs({ manifest, instance }: Call): number {
  return manifest.timeout_ms - (instance.pool?.orderValidMs ?? 0);
}

function orderInstance({ instance }: Call): OrderInstance {
  const { id, name, connector, connectorVersion, manifestDigest, packageDigest = null, settings } = instance;
  return { id, name, connector, connector_version: connectorVersion, manifest_digest: manifestDigest, package_digest: packageDigest, settings };
}

/** The call that had the effect: another step's where its key was used before. */
function ofEffect(asking: CallIdentity, runId: string, action: { readonly step_key: string; readonly call_key: string }): CallIdentity {
  return { ...asking, run: { ...asking.run, id: runId }, step: { ...asking.step, key: action.step_key }, callKey: action.call_key };
}
