import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import { endedBy } from '@countersign/connectors/gateway/call.ts';
import type { CallEnded } from '@countersign/connectors/gateway/call.ts';
import { ONE_CALL } from '@countersign/connectors/gateway/estimate.ts';
import { EffectExistsError, StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { ApprovalInHand, ApprovalRequest, DecisionRecord, ExistingEffect, GatewayStore, Intent, Outcome } from '@countersign/connectors/gateway/ports.ts';
import type { JsonObject, Usage } from '@countersign/connectors/sdk/connector.ts';
import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { CallBody } from '@countersign/contracts/agent/spool-entry.ts';
import type { OrderVote } from '@countersign/contracts/agent/work-order.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { tellOutcome } from '../orders/outcome-entry.ts';
import type { OrderOutcome } from '../orders/outcome-entry.ts';
import { stopping } from '../orders/stopping.ts';
import type { Spool } from '../spool/spool.ts';
import type { SpoolTransaction } from '../spool/transaction.ts';
import { effectOf, orderedEffect, recordOf } from './kept-effect.ts';
import type { KeptEffect } from './kept-effect.ts';
import type { OrderClock, RunningOrder, RunningOrders } from './running-order.ts';

export interface SpoolStoreOptions {
  readonly spool: Pick<Spool, 'commit'>;
  readonly orders: RunningOrders;
  readonly clock: OrderClock;
  readonly killSwitches: () => readonly AgentKillSwitch[];
}

/**
 * The gateway's records on the agent's own disk. The cell has committed its decision, its intent and the use of the approval before it signed the order; here the
 * same is written once more by who carries it out, so that neither needs the other to know what happened. Every decision is an entry before anything leaves.
 */
export class SpoolGatewayStore implements GatewayStore {
  readonly #options: SpoolStoreOptions;

  constructor(options: SpoolStoreOptions) {
    this.#options = options;
  }

  async findEffect(call: CallIdentity): Promise<ExistingEffect | null> {
    const { spool, orders, clock } = this.#options;
    const running = orders.of(call);
    const { call_id, idempotency_key, kind } = running.order;
    const kept = call_id === null || idempotency_key === null ? undefined : await spool.commit((tx) => tx.call(call_id, idempotency_key));
    if (kept !== undefined) return effectOf(kept, clock.now());
    return kind === 'reconcile' ? orderedEffect(running) : null;
  }

  /** The one that the order uses up, where people had to agree: for exactly this action, as `verifyOrder` has seen. */
  async findApproval(call: CallIdentity): Promise<ApprovalInHand | null> {
    const { order: { approval, instance }, sealed: { action_text, content, target } } = this.#options.orders.of(call);
    if (approval === null || action_text === null) return null;
    return {
      id: approval.id, state: 'approved', actionDigest: approval.action_digest, actionText: action_text, content, tier: approval.tier, requestedBy: approval.requested_by,
      preview: { title: '', fields: [], additions: [] }, target: target ?? { id: instance.id, label: instance.name, version: '' }, votes: approval.votes.map(voteOf),
    };
  }

  commitDecision(call: CallIdentity, decision: DecisionRecord): Promise<void> {
    const running = this.#options.orders.of(call);
    return this.#options.spool.commit((tx) => void tx.append('call', callBody(running, call, decision)));
  }

  /** Only the cell asks people, and has asked them before it signed. */
  async commitApprovalRequest(call: CallIdentity, decision: DecisionRecord, _request: ApprovalRequest): Promise<{ approvalId: string }> {
    await this.commitDecision(call, decision);
    throw endedBy({ code: 'people_not_available', retryable: false, message: `Policy wants people to see ${decision.action}, and an agent can ask nobody.` });
  }

  async commitIntent(call: CallIdentity, decision: DecisionRecord, intent: Intent): Promise<{ callId: string }> {
    const { spool, orders, clock } = this.#options;
    const running = orders.of(call);
    const { call_id, idempotency_key, action_digest, id } = running.order;
    const ordered = running.isItsOwn(call);
    if (ordered && action_digest !== intent.actionDigest) throw notOrdered(decision);
    const isEffect = ordered && intent.risk !== 'read' && call_id !== null && idempotency_key !== null;
    await spool.commit((tx) => {
      this.#requireCurrent(tx, running);
      if (isEffect) {
        if (isTaken(tx, call_id, idempotency_key)) throw new EffectExistsError(idempotency_key);
        tx.putCall({ call_id, idempotency_key, order_id: id, state: 'intended', intended_at: clock.now().toISOString(), record: recordOf(call, intent) });
        tx.moveOrder(id, 'begun');
      }
      tx.append('call', callBody(running, call, decision));
    });
    running.hasIntended ||= isEffect;
    return { callId: ordered && call_id !== null ? call_id : newId('tool_call') };
  }

  /** Of the order's own call: with the entry that tells it, so that what is known here is told. Of what it read for that: what it used up. */
  async commitOutcome(call: CallIdentity, callId: string, outcome: Outcome): Promise<void> {
    const { spool, orders } = this.#options;
    const running = orders.of(call);
    const { order } = running;
    const isItsOwn = running.isItsOwn(call);
    // That the order's own call was made is metered in the cell, as for every call.
    running.usage.push(...(outcome.costs ?? []).filter(({ meter }) => !isItsOwn || meter !== ONE_CALL.meter).map(used));
    if (!isItsOwn) return;
    if (outcome.state === 'succeeded') running.hidden = outcome.hidden ?? {};
    const endsOrder = order.kind === 'execute' && callId === order.call_id;
    await spool.commit((tx) => {
      const kept = order.idempotency_key === null ? undefined : tx.call(callId, order.idempotency_key);
      if (kept !== undefined && kept.call_id === callId) tx.putCall({ ...kept, state: outcome.state, record: { ...(kept.record as KeptEffect), ...answerOf(outcome) } });
      if (endsOrder) tellOutcome(tx, { id: order.id, changesSomething: running.changesSomething }, outcomeOf(running, outcome));
    });
    running.hasEnded ||= endsOrder;
  }

  /** Asked right before anything leaves: the order may still begin, nobody has a newer one for the step, and nobody has stopped it. */
  async proveHeld(call: CallIdentity): Promise<void> {
    const running = this.#options.orders.of(call);
    await this.#options.spool.commit((tx) => this.#requireCurrent(tx, running));
  }

  /** Another step's outcome under the same key is for the cell to give: it has not ordered this one then. */
  commitReplay(): Promise<void> {
    return Promise.resolve();
  }

  #requireCurrent(tx: SpoolTransaction, running: RunningOrder): void {
    const { identity: { step } } = running.order;
    const isStopped = stopping(running.order, this.#options.killSwitches()).length > 0;
    if (isStopped || !running.mayBegin() || BigInt(tx.highestFence(step.id)) > BigInt(step.fence)) throw new StaleLeaseError(step.id, step.fence);
  }
}

function notOrdered({ action }: DecisionRecord): CallEnded {
  return endedBy({ code: 'action_not_ordered', retryable: false, message: `What would be sent has another digest than the order for ${action} names, so nothing is sent.` });
}

/** A failed call leaves its key to the next one. */
function isTaken(tx: SpoolTransaction, call_id: string, idempotency_key: string): boolean {
  const kept = tx.call(call_id, idempotency_key);
  return kept !== undefined && kept.state !== 'failed';
}

function voteOf({ principal_id, role, decision, auth_strength, sign_in_age_ms }: OrderVote): ApprovalInHand['votes'][number] {
  return { principalId: principal_id, role, decision, authStrength: auth_strength, signInAgeMs: sign_in_age_ms };
}

function callBody({ order }: RunningOrder, { callKey }: CallIdentity, { action, actionDigest, outcome, bundle, reasons }: DecisionRecord): CallBody {
  return {
    order_id: order.id, call_key: callKey, action, action_digest: actionDigest, outcome,
    bundle: bundle === null ? null : { seq: bundle.seq, digest: bundle.digest, revision: bundle.revision }, rules: reasons.map(({ rule }) => rule),
  };
}

function answerOf(outcome: Outcome): Pick<KeptEffect, 'output' | 'receipt'> {
  return outcome.state === 'succeeded' ? { output: outcome.output, receipt: outcome.receipt } : { output: null, receipt: null };
}

function outcomeOf(running: RunningOrder, outcome: Outcome): OrderOutcome<'execute'> {
  const told = {
    usage: running.usage, duration_ms: outcome.durationMs,
    exchanges: { request_digest: outcome.requestDigest, response_digest: outcome.responseDigest, may_have_changed: running.changesSomething && outcome.state !== 'failed' },
  };
  if (outcome.state !== 'succeeded') {
    // Who was started again has looked once; the cell may have it looked for later.
    const looksAgain = running.findsOut && outcome.state === 'uncertain';
    return { ...told, state: outcome.state, result: null, error: looksAgain ? { ...outcome.error, retryable: true } : outcome.error };
  }
  const { output, receipt, hidden = {}, nestedLabels = [] } = outcome;
  return { ...told, state: 'succeeded', error: null, result: { output, receipt: receipt as JsonObject | null, nested_labels: nestedLabels, hidden } };
}

function used({ meter, model, quantity, unit }: Usage): Usage {
  return { meter, quantity, unit, ...(model === undefined ? {} : { model }) };
}
