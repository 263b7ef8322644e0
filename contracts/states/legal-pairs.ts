import { STATE_MACHINES } from './transitions.ts';
import type { StateMachine } from './transitions.ts';

const TABLES = {
  run: 'execution.run_legal_transitions',
  step: 'execution.step_legal_transitions',
  lease: 'execution.lease_legal_transitions',
  tool_call: 'execution.tool_call_legal_transitions',
  approval: 'control.approval_legal_transitions',
  policy_release: 'control.policy_release_legal_transitions',
  erasure_request: 'control.erasure_request_legal_transitions',
  change_request: 'control.change_request_legal_transitions',
  agent: 'control.agent_legal_transitions',
  work_order: 'execution.work_order_legal_transitions',
  agent_rollout: 'control.agent_rollout_legal_transitions',
} as const;

/** The rows of every `*_legal_transitions` table: the table's pairs, and `new -> initial` for a fresh row. */
export function legalTransitionRows(): Record<string, Array<readonly [from: string, to: string]>> {
  const machines: Array<[keyof typeof TABLES, StateMachine<string>]> = Object.entries(STATE_MACHINES) as Array<[keyof typeof TABLES, StateMachine<string>]>;
  return Object.fromEntries(machines.map(([name, machine]) => [TABLES[name], [
    ...machine.initial.map((state) => ['new', state] as const),
    ...machine.transitions.map(({ from, to }) => [from, to] as const),
  ]]));
}
