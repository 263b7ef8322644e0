/**
 * Why an agent does not carry out an order. The order of the list is the order in which it looks; the first that holds is the one that is told.
 * `alarm`: somebody sent what an honest cell does not send, so people are told.
 */
export const ORDER_REFUSALS = {
  order_malformed: { alarm: true, says: 'It is no envelope with one signature over a work order in its one canonical spelling.' },
  order_signature_invalid: { alarm: true, says: 'No unrevoked key for work orders that this agent holds has signed it.' },
  order_for_another: { alarm: true, says: 'It is for another agent, pool, environment or tenant.' },
  order_replayed: { alarm: true, says: 'This agent has taken it before.' },
  order_expired: { alarm: true, says: 'It may not begin any more, is from the future, or is valid for longer than orders are.' },
  order_fence_stale: { alarm: true, says: 'A newer holder of the same step has given an order before.' },
  order_parameters_changed: { alarm: true, says: 'What it carries encrypted is not what its digests name, or is not for this agent\'s key.' },
  order_action_mismatch: { alarm: true, says: 'The action in it is not the one that it names, or is of another run, step, instance or connector.' },
  order_approval_mismatch: { alarm: true, says: 'The approval is of another action, is over, lacks votes, or has the vote of who asked.' },
  connection_unknown: { alarm: false, says: 'This agent has no connection of that name and connector.' },
  package_changed: { alarm: false, says: 'The connector here is not the package that was approved.' },
  policy_behind: { alarm: false, says: 'The cell decided by a newer bundle than this agent has, and it could not be fetched.' },
  policy_denied_here: { alarm: true, says: 'The policy that this agent holds does not allow what the cell let through.' },
  stopped_by_kill_switch: { alarm: false, says: 'A kill switch stops it.' },
  spool_full: { alarm: false, says: 'There is no room on the disk to say how it ends.' },
  clock_untrusted: { alarm: false, says: 'The clock of this machine is further from the cell\'s than is believed.' },
  draining: { alarm: false, says: 'The agent is being drained.' },
} as const satisfies Record<string, { readonly alarm: boolean; readonly says: string }>;

export type OrderRefusal = keyof typeof ORDER_REFUSALS;
