import { APPROVAL_STATES, isLegalTransition, TOOL_CALL_STATES } from '@countersign/contracts/states/transitions.ts';
import type { ToolCallState } from '@countersign/contracts/states/transitions.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { JsonObject } from '../../sdk/connector.ts';
import { ApprovalNotUsableError, EffectExistsError, StaleLeaseError } from '../ports.ts';
import type { CallIdentity } from '../call-identity.ts';
import { InstanceBusyError } from '../concurrency.ts';
import type { ApprovalInHand, ApprovalRequest, DecisionRecord, EffectKey, ExistingEffect, GatewayStore, Intent, Outcome } from '../ports.ts';
import { sumOf } from '../usd.ts';
import { MemoryBudgets } from './memory-budgets.ts';

interface StoredApproval {
  readonly id: string;
  readonly stepId: string;
  readonly callKey: string;
  readonly request: ApprovalRequest;
  readonly actionText: string;
  readonly order: number;
  state: ApprovalInHand['state'];
  votes: ApprovalInHand['votes'];
}

export interface StoredCall {
  readonly id: string;
  readonly identity: CallIdentity;
  readonly decision: DecisionRecord;
  readonly intent: Intent;
  readonly order: number;
  readonly intendedAt: Date;
  state: ToolCallState;
  outcome: Outcome | null;
}

/**
 * The gateway's records in memory, by the same rules as the database: legal transitions only, one effect per idempotency key, an
 * approval used once, nothing under a lost lease. The second implementation behind the port, for tests and for the agent's own tests.
 */
export class MemoryGatewayStore implements GatewayStore {
  readonly calls: StoredCall[] = [];
  readonly decisions: DecisionRecord[] = [];
  readonly budgets: MemoryBudgets;
  /** Which calls were given another's outcome. */
  readonly replays: Array<{ readonly call: CallIdentity; readonly callId: string; readonly key: EffectKey }> = [];
  readonly #approvals: StoredApproval[] = [];
  readonly #fences = new Map<string, string>();
  readonly #now: () => Date;
  #order = 0;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
    this.budgets = new MemoryBudgets(now);
  }

  /** Gives the step's lease to `fence`; every other fence is stale from then on. */
  lease(stepId: string, fence: string): void {
    this.#fences.set(stepId, fence);
  }

  /** As the control plane decides an approval. */
  decide(approvalId: string, state: 'approved' | 'rejected' | 'withdrawn', votes: ApprovalInHand['votes'] = []): void {
    const approval = this.#approvals.find(({ id }) => id === approvalId);
    if (approval === undefined || !isLegalTransition(APPROVAL_STATES, approval.state, state)) throw new TypeError(`${approvalId} cannot become ${state}`);
    approval.state = state;
    approval.votes = votes;
  }

  /** An approval that people gave elsewhere, as an order brings it. */
  bring(call: CallIdentity, { id, request }: { readonly id: string; readonly request: ApprovalRequest }, votes: ApprovalInHand['votes']): void {
    if (this.#approvals.some((approval) => approval.id === id)) return;
    this.#approvals.push({ id, stepId: call.step.id, callKey: call.callKey, request, actionText: canonicalText(request.action), order: (this.#order += 1), state: 'approved', votes });
  }

  /** Every approval asked for, oldest first. */
  approvals(): ReadonlyArray<{ readonly id: string; readonly state: ApprovalInHand['state']; readonly request: ApprovalRequest }> {
    return this.#approvals.map(({ id, request, state }) => ({ id, request, state }));
  }

  async findEffect(call: CallIdentity, key: EffectKey | null): Promise<ExistingEffect | null> {
    const effects = this.calls.filter(({ intent, state }) => changesSomething(intent) && state !== 'failed').toSorted((a, b) => b.order - a.order);
    const stored = effects.find(({ identity }) => sameCall(identity, call))
      ?? effects.find((effect) => key !== null && sameKey(effect, call, key.action, key.text));
    if (stored === undefined || stored.state === 'failed') return null;
    const { intent, outcome, identity } = stored;
    const succeeded = outcome?.state === 'succeeded' ? outcome : null;
    return {
      callId: stored.id, runId: identity.run.id, ofThisCall: sameCall(identity, call), parametersDigest: intent.parametersDigest,
      state: stored.state, intendedMsAgo: this.#now().getTime() - stored.intendedAt.getTime(), actionText: intent.actionText, content: intent.content, actionDigest: intent.actionDigest, risk: intent.risk,
      output: succeeded === null ? null : structuredClone(succeeded.output), receipt: succeeded?.receipt ?? null, target: intent.action.target,
    };
  }

  async findApproval(call: CallIdentity): Promise<ApprovalInHand | null> {
    const stored = this.#approvals.filter((approval) => approval.stepId === call.step.id && approval.callKey === call.callKey).toSorted((a, b) => b.order - a.order)[0];
    if (stored === undefined) return null;
    const { request } = stored;
    return {
      id: stored.id, state: this.#stateOf(stored), reusable: this.#isReusable(stored), actionDigest: request.actionDigest, actionText: stored.actionText,
      content: request.content, preview: request.preview, target: request.target, tier: request.tier, requestedBy: `workflow:${call.run.workflow}`, votes: stored.votes,
    };
  }

  async commitDecision(call: CallIdentity, decision: DecisionRecord): Promise<void> {
    this.#requireLease(call);
    this.decisions.push(decision);
  }

  async commitApprovalRequest(call: CallIdentity, decision: DecisionRecord, request: ApprovalRequest): Promise<{ approvalId: string }> {
    this.#requireLease(call);
    this.decisions.push(decision);
    const open = this.#approvals.find((approval) => approval.stepId === call.step.id && approval.request.actionDigest === request.actionDigest && ['pending', 'approved'].includes(this.#stateOf(approval)));
    if (open !== undefined) return { approvalId: open.id };
    const id = newId('approval');
    this.#approvals.push({ id, stepId: call.step.id, callKey: call.callKey, request, actionText: canonicalText(request.action), order: (this.#order += 1), state: 'pending', votes: [] });
    return { approvalId: id };
  }

  async commitIntent(call: CallIdentity, decision: DecisionRecord, intent: Intent): Promise<{ callId: string }> {
    this.#requireLease(call);
    const approval = intent.consumeApprovalId === null ? null : this.#usableApproval(intent.consumeApprovalId, intent.actionDigest);
    const isTaken = changesSomething(intent) && this.calls.some((other) => changesSomething(other.intent) && other.state !== 'failed' && sameKey(other, call, decision.action, intent.idempotencyKey));
    if (isTaken) throw new EffectExistsError(intent.idempotencyKey);
    this.#requireSlot(call, intent);
    const id = newId('tool_call');
    this.budgets.reserve(call, id, intent.estimate);
    if (approval !== null) approval.state = 'consumed';
    this.decisions.push(decision);
    this.calls.push({ id, identity: call, decision, intent, order: (this.#order += 1), intendedAt: this.#now(), state: 'intended', outcome: null });
    return { callId: id };
  }

  async commitOutcome(call: CallIdentity, callId: string, outcome: Outcome, key: EffectKey | null = null): Promise<void> {
    this.#requireLease(call);
    const stored = this.calls.find(({ id, identity }) => id === callId && (identity.step.id === call.step.id || key !== null));
    const others = stored !== undefined && stored.identity.step.id !== call.step.id;
    const usable = !others || (stored.state === 'uncertain' && sameKey(stored, call, key?.action ?? '', key?.text ?? ''));
    const same = stored?.state === 'uncertain' && outcome.state === 'uncertain';
    if (stored === undefined || !usable || !(same || isLegalTransition(TOOL_CALL_STATES, stored.state, outcome.state))) throw new StaleLeaseError(call.step.id, call.step.fence);
    this.budgets.settle(stored.identity, callId, sumOf((outcome.costs ?? []).map((line) => line.amount_usd)), outcome.state === 'uncertain');
    stored.state = outcome.state;
    stored.outcome = structuredClone(outcome);
  }

  async proveHeld(call: CallIdentity): Promise<void> {
    this.#requireLease(call);
  }

  async commitReplay(call: CallIdentity, effect: Pick<ExistingEffect, 'callId'>, key: EffectKey): Promise<void> {
    this.#requireLease(call);
    this.replays.push({ call, callId: effect.callId, key });
  }

  #requireLease({ step }: CallIdentity): void {
    const held = this.#fences.get(step.id);
    if (held !== undefined && held !== step.fence) throw new StaleLeaseError(step.id, step.fence);
  }

  #requireSlot({ step, tenant }: CallIdentity, { concurrency, instanceId }: Intent): void {
    const underWay = this.calls.filter((other) => other.state === 'intended' && other.intent.instanceId === instanceId && other.identity.tenant.id === tenant.id && other.identity.step.id !== step.id);
    if (concurrency !== null && new Set(underWay.map(({ identity }) => identity.step.id)).size >= concurrency) throw new InstanceBusyError(concurrency);
  }

  #usableApproval(approvalId: string, digest: string): StoredApproval {
    const approval = this.#approvals.find(({ id }) => id === approvalId);
    const usable = approval !== undefined && approval.request.actionDigest === digest && (this.#stateOf(approval) === 'approved' || this.#isReusable(approval));
    if (!usable) throw new ApprovalNotUsableError(approvalId);
    return approval;
  }

  #stateOf(approval: StoredApproval): ApprovalInHand['state'] {
    const open = approval.state === 'pending' || approval.state === 'approved';
    return open && approval.request.expiresAt <= this.#now() ? 'expired' : approval.state;
  }

  #isReusable(approval: StoredApproval): boolean {
    return approval.state === 'consumed' && approval.request.expiresAt > this.#now()
      && this.calls.every((call) => call.intent.consumeApprovalId !== approval.id || call.state === 'failed');
  }
}

function sameCall(a: CallIdentity, b: CallIdentity): boolean {
  return a.tenant.id === b.tenant.id && a.step.id === b.step.id && a.callKey === b.callKey;
}

function sameKey({ identity, decision, intent }: StoredCall, call: CallIdentity, action: string, key: string): boolean {
  return identity.tenant.id === call.tenant.id && identity.environment.id === call.environment.id && decision.action === action && intent.idempotencyKey === key;
}

function changesSomething({ risk }: Pick<Intent, 'risk'>): boolean {
  return risk === 'write' || risk === 'destructive';
}

/** What a stored call gave back. */
export function outputOf(call: StoredCall): JsonObject | null {
  return call.outcome?.state === 'succeeded' ? call.outcome.output : null;
}
