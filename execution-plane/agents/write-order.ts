import { AGENTS_CHANNEL } from '@countersign/contracts/agent/hint.ts';
import type { AgentHint } from '@countersign/contracts/agent/hint.ts';
import type { OrderInstance, OrderPolicy, OrderSituation, OrderWatch, SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { Risk } from '@countersign/contracts/connectors/manifest.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallError, DecisionRecord, PoolView } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import { signerNow } from '@countersign/platform/keys/signer-now.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { Notifier } from '../changes/notifier.ts';
import { chooseAgent } from './choose-agent.ts';
import type { Candidate } from './choose-agent.ts';
import { fitsIntoOrder, orderIdentity, signOrder } from './order-statement.ts';
import type { OrderTerms } from './order-statement.ts';
import { readCandidates } from './repository-agents.ts';
import { insertWorkOrder, readBasis, readOrderApproval } from './repository-orders.ts';
import type { OrderBasis } from './repository-orders.ts';

export interface OrderParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  /** Who writes, for the audit. */
  readonly worker: string;
}

/** What is to be ordered, before it is known of whom and when. */
export interface OrderDraft {
  readonly kind: WorkOrder['kind'];
  /** Who holds the step that the order is for. */
  readonly holder: CallIdentity;
  /** Of the call in the order; another one than the holder's only where another step's effect is looked up. */
  readonly identity: CallIdentity;
  readonly pool: PoolView;
  readonly instance: OrderInstance;
  readonly action: string;
  readonly risk: Risk;
  readonly callId: string | null;
  readonly actionDigest: string | null;
  readonly sealed: SealedParameters;
  readonly situation: OrderSituation;
  /** What let the call go on; null where nothing has been decided yet, or only looking is asked for. */
  readonly decision: DecisionRecord | null;
  readonly facts: WorkOrder['facts'];
  readonly followsApproval?: string | null;
  readonly routedFrom?: WorkOrder['routed_from'];
  readonly within?: WorkOrder['within'];
  readonly watch?: OrderWatch;
  /** For how long it may begin: from the intent of its call on, where it has one and carries it out; else from now on. */
  readonly validMs: number;
  readonly preferredAgent?: string | null;
}

export interface WrittenOrder {
  readonly id: string;
  readonly agentId: string;
  /** From when the order was written until it may not begin any more, in ms by the database's clock. */
  readonly validForMs: number;
}

/**
 * One transaction, after the intent has committed: it proves the lease, chooses the agent, signs the order by the key that signs now, and stores it
 * with its event. The agent's side hears of it afterwards.
 *
 * @throws StaleLeaseError somebody else has the step; then nothing is ordered
 */
export async function writeOrder(parts: OrderParts, draft: OrderDraft): Promise<WrittenOrder | { readonly error: CallError }> {
  if (!fitsIntoOrder(draft.sealed)) return { error: { code: 'order_too_large', retryable: false, message: `The parameters of ${draft.action} are larger than an order to an agent may be. Send less in one step.` } };
  const written = await parts.database.forTenant(draft.holder.tenant.id, (tx) => write(parts, tx, draft));
  if (!('error' in written)) {
    const hint: AgentHint = { tenant_id: draft.holder.tenant.id, agent_id: written.agentId, about: 'order', order_id: written.id };
    parts.notifier.send(AGENTS_CHANNEL, JSON.stringify(hint), written.id);
  }
  return written;
}

/** As `writeOrder`, in a transaction of the caller's, who tells the agent's side. */
export async function write({ keys, clock, worker }: Omit<OrderParts, 'database' | 'notifier'>, tx: Transaction, draft: OrderDraft): Promise<WrittenOrder | { readonly error: CallError }> {
  const { holder, pool } = draft;
  const policyScope = bundleScope(holder.environment.id);
  const basis = await readBasis(tx, holder, draft.callId, policyScope);
  if (basis === undefined) throw stale(holder);
  const policy = policyOf(draft, basis, policyScope);
  if (policy === null) return { error: { code: 'bundle_missing', retryable: true, message: `${holder.environment.name} has no policy bundle, so no agent could decide.` } };
  const choice = chooseAgent(await readCandidates(tx, holder.tenant.id, pool.id), {
    pool, policyScope, connector: draft.instance.connector, instanceName: draft.instance.name, preferred: draft.preferredAgent ?? null,
  });
  if ('error' in choice) return choice;
  const terms = await termsOf(tx, draft, basis, policy, choice.agent);
  const validForMs = Date.parse(terms.begin_before) - basis.now.getTime();
  if (validForMs <= 0) return { error: { code: 'call_aborted', retryable: true, message: 'This worker was held up for longer than the order may take to begin, so nothing was ordered.' } };
  const envelope = await signOrder(terms, draft.sealed, choice.agent.encryption_jwk, await signerNow(tx, keys, holder.tenant.id, 'work_order'));
  if (!await insertWorkOrder(tx, holder, pool.id, terms, envelope, [issuedEvent(draft, terms, worker)], clock.now())) throw stale(holder);
  return { id: terms.id, agentId: choice.agent.agent_id, validForMs };
}

/** The bundle that decided; where nothing has been decided yet, the newest one that there is. */
function policyOf({ decision }: OrderDraft, { seq, digest, revision }: OrderBasis, scope: string): OrderPolicy | null {
  if (decision !== null && decision.bundle !== null) {
    const { bundle } = decision;
    return { scope, seq: bundle.seq, digest: bundle.digest, revision: bundle.revision, decision_id: decision.id };
  }
  return seq === null || digest === null || revision === null ? null : { scope, seq, digest, revision, decision_id: null };
}

async function termsOf(tx: Transaction, draft: OrderDraft, { now, intended_at, idempotency_key }: OrderBasis, policy: OrderPolicy, agent: Candidate): Promise<OrderTerms> {
  const { holder, pool, decision } = draft;
  // What an order may still do is reckoned from when the intent was written, as everybody reckons who looks for its effect.
  const from = draft.kind === 'execute' ? (intended_at ?? now) : now;
  return {
    id: newId('work_order'), kind: draft.kind, audience: { agent_id: agent.agent_id, pool: pool.name },
    issued_at: now.toISOString(), begin_before: new Date(from.getTime() + draft.validMs).toISOString(),
    identity: orderIdentity(draft.identity), call_id: draft.callId, idempotency_key: draft.callId === null ? null : idempotency_key,
    instance: draft.instance, action: draft.action, risk: draft.risk, action_digest: draft.actionDigest, policy, situation: draft.situation,
    follows_approval: draft.followsApproval ?? null, routed_from: draft.routedFrom ?? null, within: draft.within ?? null, facts: draft.facts,
    approval: decision?.approvalId == null ? null : await readOrderApproval(tx, holder.tenant.id, decision.approvalId), watch: draft.watch ?? null,
  };
}

function issuedEvent({ holder, pool }: OrderDraft, terms: OrderTerms, worker: string): NewAuditEvent {
  return {
    type: 'agent.order_issued', tenant_id: holder.tenant.id, workspace_id: holder.workspace.id, run_id: holder.run.id, actor: { kind: 'worker', id: worker }, subject: { kind: 'work_order', id: terms.id },
    data: {
      agent_id: terms.audience.agent_id, pool_id: pool.id, pool: pool.name, order_id: terms.id, order_kind: terms.kind, call_id: terms.call_id, call_key: holder.callKey, action: terms.action,
      action_digest: terms.action_digest, instance_id: terms.instance.id, approval_id: terms.approval?.id ?? null, bundle_seq: terms.policy.seq, fence: holder.step.fence, expires_at: terms.begin_before,
    },
  };
}

function stale({ step }: CallIdentity): StaleLeaseError {
  return new StaleLeaseError(step.id, step.fence);
}
