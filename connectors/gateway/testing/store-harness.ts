import type { BudgetKind } from '../budget.ts';
import type { CallIdentity } from '../call-identity.ts';
import type { GatewayStore } from '../ports.ts';
import type { BudgetAccount, BudgetLimits } from './memory-budgets.ts';

/** What a store under test needs around it: steps that are leased, and somebody who decides approvals and sets limits. */
export interface StoreHarness extends BudgetHarness {
  /** A call of a fresh step that is leased under the fence it names; its connector instance is `instanceId`. */
  leasedCall(): Promise<CallIdentity>;
  /** Another worker takes the step over: the identity that it works under. */
  claimedAgain(call: CallIdentity): Promise<CallIdentity>;
  /** A person with the role `approver` decides, as the control plane would write it. */
  decide(call: CallIdentity, approvalId: string, decision: 'approved' | 'rejected'): Promise<void>;
}

/** A workspace of its own, and who looks at its books. */
export interface BudgetHarness {
  readonly store: GatewayStore;
  readonly instanceId: string;
  /** A workspace that nobody else spends in, with these limits. */
  budgetedWorkspace(limits: BudgetLimits): Promise<string>;
  setLimits(workspaceId: string, limits: BudgetLimits): Promise<void>;
  /** A call of a fresh step in that workspace: of a run of its own, or of the same run as `beside`. */
  leasedCallIn(workspaceId: string, beside?: CallIdentity): Promise<CallIdentity>;
  account(call: CallIdentity, kind: BudgetKind): Promise<BudgetAccount | null>;
  /** What was audited of the workspace's budgets, oldest first, as `budget.warning month`. */
  budgetEvents(workspaceId: string): Promise<string[]>;
}
