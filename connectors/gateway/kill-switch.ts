import type { DecisionRecord } from './ports.ts';

/** The rule of the platform by which a kill switch denies. */
const KILL_SWITCH = 'base/kill_switch';

/** Whether nothing but a kill switch stands against a call: it is not refused for good, only held until the switch is released. */
export function isStopped(reasons: DecisionRecord['reasons']): boolean {
  return reasons.length > 0 && reasons.every(({ rule }) => rule === KILL_SWITCH);
}
