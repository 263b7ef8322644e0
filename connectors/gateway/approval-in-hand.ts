import { CallEnded } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import type { ApprovalInHand } from './ports.ts';

/**
 * The approval that this write already has. One that people still think about ends the call, and so does one that they refused.
 * Reads and model calls look for one only when policy asks (`decide.ts`).
 */
export async function approvalInHand(parts: GatewayParts, call: Call): Promise<ApprovalInHand | null> {
  return call.changesSomething ? decidedApproval(parts, call) : null;
}

export async function decidedApproval(parts: GatewayParts, call: Call): Promise<ApprovalInHand | null> {
  const approval = await parts.store.findApproval(call.request.identity);
  switch (approval?.state) {
    case 'pending': throw new CallEnded({ kind: 'waiting_for_approval', approvalId: approval.id });
    case 'rejected': case 'expired': case 'withdrawn': throw new CallEnded({ kind: 'refused_by_person', approvalId: approval.id, state: approval.state });
    default: return approval;
  }
}

/** Whether the approval can still let an effect happen: approved, or consumed by attempts that are known to have had none. */
export function isUsable(approval: ApprovalInHand): boolean {
  return approval.state === 'approved' || (approval.state === 'consumed' && approval.reusable === true);
}

/** The approval, where it is for exactly this action and can still be used. */
export function coveringApproval(approval: ApprovalInHand | null, plan: PlannedAction): ApprovalInHand | null {
  return approval !== null && isUsable(approval) && approval.actionDigest === plan.digest ? approval : null;
}
