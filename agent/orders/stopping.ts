import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { ActiveKillSwitch } from '@countersign/contracts/policy/decision.ts';

/** Those of `switches` that stop `order`: all but the ones of another workflow. */
export function stopping({ identity: { run } }: WorkOrder, switches: readonly AgentKillSwitch[]): readonly ActiveKillSwitch[] {
  return switches.filter(({ workflow }) => workflow === undefined || workflow === run.workflow).map(({ id, scope, reason }) => ({ id, scope, reason }));
}
