import type { OrderApproval, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import { OrderRefusedError } from './errors.ts';

/**
 * Where the cell says that people approved, they approved exactly this action, were as many different people as were asked for, and not the one who
 * asked. Whether one was needed is for policy to say, which is asked here as well.
 *
 * @throws OrderRefusedError `order_approval_mismatch`
 */
export function requireApproval(order: WorkOrder): void {
  const { approval, action_digest, issued_at } = order;
  if (approval === null) return;
  if (approval.action_digest !== action_digest) throw refused('It is of another action.');
  if (Date.parse(approval.expires_at) <= Date.parse(issued_at)) throw refused(`It was over at ${approval.expires_at}.`);
  if (approval.votes.some(({ decision }) => decision === 'reject')) throw refused('Somebody said no.');
  const voters = votersOf(approval);
  if (voters.has(approval.requested_by)) throw refused('Who asked has voted.');
  if (voters.size < approval.required_votes) throw refused(`${approval.required_votes} different people had to agree, and ${voters.size} did.`);
}

function votersOf({ votes }: OrderApproval): ReadonlySet<string> {
  return new Set(votes.map(({ principal_id }) => principal_id));
}

function refused(detail: string): OrderRefusedError {
  return new OrderRefusedError('order_approval_mismatch', detail);
}
