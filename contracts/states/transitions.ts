/**
 * The legal states and transitions of everything that lives through time, one table each.
 *
 * These tables are the only copy: the migration writes them into `*_legal_transitions` tables, where a foreign key refuses any
 * other pair; the console asks them what a person may do; the documentation draws them.
 */

/** One machine: its states, where it begins, where it ends, and each legal step between two states with its reason. */
export interface StateMachine<State extends string> {
  readonly initial: readonly State[];
  readonly terminal: readonly State[];
  readonly transitions: ReadonlyArray<{ readonly from: State; readonly to: State; readonly why: string }>;
}

export type RunState = 'queued' | 'running' | 'waiting' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled';

export const RUN_STATES: StateMachine<RunState> = {
  initial: ['queued'],
  terminal: ['succeeded', 'cancelled'],
  transitions: [
    { from: 'queued', to: 'running', why: 'a worker claimed the first step' },
    { from: 'queued', to: 'cancelling', why: 'a person cancelled before anything ran, or its deadline is over' },
    { from: 'running', to: 'waiting', why: 'every open step waits: for a person, for time, or for a run that it started' },
    { from: 'running', to: 'succeeded', why: 'every step succeeded or was skipped' },
    { from: 'running', to: 'failed', why: 'a step is dead and nothing else can go on' },
    { from: 'running', to: 'cancelling', why: 'a person cancelled, or its deadline is over' },
    { from: 'waiting', to: 'running', why: 'what a step waited for has happened' },
    { from: 'waiting', to: 'succeeded', why: 'the last step that waited has what it waited for' },
    { from: 'waiting', to: 'failed', why: 'what a step waited for was refused or expired' },
    { from: 'waiting', to: 'cancelling', why: 'a person cancelled, or its deadline is over' },
    { from: 'cancelling', to: 'cancelled', why: 'no step is leased any more' },
    { from: 'cancelling', to: 'failed', why: 'a step in flight ended dead while the run was being cancelled, or its deadline was why' },
    { from: 'failed', to: 'running', why: 'a dead step was redriven' },
  ],
};

export type StepState =
  | 'blocked' | 'ready' | 'leased' | 'waiting' | 'retrying' | 'uncertain'
  | 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'dead';

export const STEP_STATES: StateMachine<StepState> = {
  initial: ['blocked', 'ready'],
  terminal: ['succeeded', 'failed', 'skipped', 'cancelled'],
  transitions: [
    { from: 'blocked', to: 'ready', why: 'everything it needs has succeeded' },
    { from: 'blocked', to: 'leased', why: 'the worker that completed what it needs goes on with it at once' },
    { from: 'blocked', to: 'skipped', why: 'its condition is false, or what it needs was skipped' },
    { from: 'blocked', to: 'cancelled', why: 'the run was cancelled or failed' },
    { from: 'ready', to: 'leased', why: 'a worker claimed it' },
    { from: 'ready', to: 'failed', why: 'its deadline is over' },
    { from: 'ready', to: 'cancelled', why: 'the run was cancelled or failed' },
    { from: 'leased', to: 'succeeded', why: 'its outcome is committed' },
    { from: 'leased', to: 'skipped', why: 'its condition is false' },
    { from: 'leased', to: 'waiting', why: 'a person must decide first; or it waits for time, for its items, or for the run that it started' },
    { from: 'leased', to: 'retrying', why: 'a passing fault; it is tried again later' },
    { from: 'leased', to: 'uncertain', why: 'an effect was sent and its outcome is not known' },
    { from: 'leased', to: 'failed', why: 'it was refused: policy, approval or a closed target; or an item, or the run that it started, failed' },
    { from: 'leased', to: 'dead', why: 'attempts are exhausted, or the error is permanent' },
    { from: 'leased', to: 'ready', why: 'the lease expired before any effect was sent' },
    { from: 'leased', to: 'cancelled', why: 'the run was cancelled before any effect was sent' },
    { from: 'waiting', to: 'ready', why: 'the decision has come, or what it had begun has ended' },
    { from: 'waiting', to: 'succeeded', why: 'the time that it waited for has come' },
    { from: 'waiting', to: 'leased', why: 'what it had begun has ended, and the worker that ended it goes on with it' },
    { from: 'waiting', to: 'failed', why: 'the approval was rejected, expired or withdrawn; or its deadline is over' },
    { from: 'waiting', to: 'cancelled', why: 'the run was cancelled' },
    { from: 'retrying', to: 'ready', why: 'its back-off is over' },
    { from: 'retrying', to: 'leased', why: 'its back-off is over and a worker claimed it' },
    { from: 'retrying', to: 'failed', why: 'its deadline is over' },
    { from: 'retrying', to: 'cancelled', why: 'the run was cancelled' },
    { from: 'uncertain', to: 'leased', why: 'a worker claimed it to ask the system of record what happened' },
    { from: 'uncertain', to: 'dead', why: 'nobody can tell what happened; a person must look' },
    { from: 'dead', to: 'ready', why: 'redriven by a person, with a reason' },
    { from: 'dead', to: 'uncertain', why: 'redriven by a person, and what it had sent is found out about first' },
    { from: 'dead', to: 'cancelled', why: 'the run was cancelled instead of redriven' },
    { from: 'failed', to: 'ready', why: 'redriven by a person, with a reason' },
    { from: 'cancelled', to: 'blocked', why: 'the run had failed, and the step it needs was redriven' },
  ],
};

export type LeaseState = 'held' | 'released' | 'expired' | 'returned';

/** A lease is one claim of a step, under one fence. Renewing it changes nothing but its end. */
export const LEASE_STATES: StateMachine<LeaseState> = {
  initial: ['held'],
  terminal: ['released', 'expired', 'returned'],
  transitions: [
    { from: 'held', to: 'released', why: 'its holder wrote how the step went on' },
    { from: 'held', to: 'expired', why: 'its end passed without a heartbeat, and the sweeper took the step over' },
    { from: 'held', to: 'returned', why: 'its worker stopped and gave the step back' },
  ],
};

export type ToolCallState = 'intended' | 'succeeded' | 'failed' | 'uncertain';

/** A tool call exists from its intent on: what policy denied or a person has not yet approved has a decision, not a call. */
export const TOOL_CALL_STATES: StateMachine<ToolCallState> = {
  initial: ['intended'],
  terminal: ['succeeded', 'failed'],
  transitions: [
    { from: 'intended', to: 'succeeded', why: 'the peer confirmed the effect' },
    { from: 'intended', to: 'failed', why: 'the peer refused, or the request never left' },
    { from: 'intended', to: 'uncertain', why: 'the request may have arrived and no answer came' },
    { from: 'uncertain', to: 'succeeded', why: 'the system of record shows the effect' },
    { from: 'uncertain', to: 'failed', why: 'the system of record shows that nothing happened' },
  ],
};

export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'answered' | 'expired' | 'withdrawn' | 'consumed';

export const APPROVAL_STATES: StateMachine<ApprovalState> = {
  initial: ['pending'],
  terminal: ['rejected', 'answered', 'expired', 'withdrawn', 'consumed'],
  transitions: [
    { from: 'pending', to: 'approved', why: 'enough people with the role voted for it' },
    { from: 'pending', to: 'rejected', why: 'a person with the role voted against it' },
    { from: 'pending', to: 'answered', why: 'a person with the role said what became of the effect' },
    { from: 'pending', to: 'expired', why: 'nobody decided in time; expiry denies' },
    { from: 'pending', to: 'withdrawn', why: 'the run was cancelled, or the action changed' },
    { from: 'approved', to: 'consumed', why: 'the gateway used it for exactly this action, once' },
    { from: 'approved', to: 'expired', why: 'it was not used before its deadline' },
    { from: 'approved', to: 'withdrawn', why: 'the run was cancelled, or the record changed before the write' },
  ],
};

export type PolicyReleaseState = 'blocked' | 'released' | 'superseded' | 'withdrawn';

export const POLICY_RELEASE_STATES: StateMachine<PolicyReleaseState> = {
  initial: ['blocked', 'released'],
  terminal: ['superseded', 'withdrawn'],
  transitions: [
    { from: 'blocked', to: 'released', why: 'another person overrode the gate, with a reason' },
    { from: 'blocked', to: 'withdrawn', why: 'a person gave it up' },
    { from: 'released', to: 'superseded', why: 'the next release of the environment and mode is in force' },
    { from: 'released', to: 'withdrawn', why: 'a person ended it; only one in mode shadow' },
  ],
};

export type ChangeRequestState = 'pending' | 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'executed' | 'failed';

/** A call to the API that a second person decides. */
export const CHANGE_REQUEST_STATES: StateMachine<ChangeRequestState> = {
  initial: ['pending'],
  terminal: ['rejected', 'expired', 'withdrawn', 'executed', 'failed'],
  transitions: [
    { from: 'pending', to: 'approved', why: 'another person approved exactly this call' },
    { from: 'pending', to: 'rejected', why: 'another person rejected it' },
    { from: 'pending', to: 'expired', why: 'nobody decided in time; expiry denies' },
    { from: 'pending', to: 'withdrawn', why: 'who asked for it took it back' },
    { from: 'approved', to: 'executed', why: 'the call was carried out for who had asked' },
    { from: 'approved', to: 'failed', why: 'the call was refused when it was carried out' },
  ],
};

export type ErasureRequestState = 'requested' | 'held' | 'running' | 'completed' | 'failed';

export const ERASURE_REQUEST_STATES: StateMachine<ErasureRequestState> = {
  initial: ['requested'],
  terminal: ['completed', 'failed'],
  transitions: [
    { from: 'requested', to: 'held', why: 'a legal hold covers the person' },
    { from: 'requested', to: 'running', why: 'the person is shut out, and the search has begun' },
    { from: 'held', to: 'running', why: 'the hold was released' },
    { from: 'running', to: 'held', why: 'a legal hold was set before it was done' },
    { from: 'running', to: 'completed', why: 'a second search found nothing, and the evidence is built' },
    { from: 'running', to: 'failed', why: 'a second search still found something; a person must look' },
  ],
};

export type AgentState = 'active' | 'draining' | 'revoked';

/** That its certificate has expired is read from the certificate's end, never stored. */
export const AGENT_STATES: StateMachine<AgentState> = {
  initial: ['active'],
  terminal: ['revoked'],
  transitions: [
    { from: 'active', to: 'draining', why: 'a person drains it, with a reason; or the token that enrolled it was used a second time' },
    { from: 'draining', to: 'active', why: 'a person resumed it, with a reason' },
    { from: 'active', to: 'revoked', why: 'a person revoked it, with a reason' },
    { from: 'draining', to: 'revoked', why: 'a person revoked it, with a reason' },
  ],
};

export type WorkOrderState = 'queued' | 'received' | 'ended' | 'refused' | 'expired';

export const WORK_ORDER_STATES: StateMachine<WorkOrderState> = {
  initial: ['queued'],
  terminal: ['ended', 'refused'],
  transitions: [
    { from: 'queued', to: 'received', why: 'it is on the agent\'s disk' },
    { from: 'queued', to: 'ended', why: 'the agent said how it ended' },
    { from: 'queued', to: 'refused', why: 'the agent did not take it, and said why' },
    { from: 'queued', to: 'expired', why: 'it may not begin any more, and nothing was heard of it' },
    { from: 'received', to: 'ended', why: 'the agent said how it ended' },
    { from: 'received', to: 'refused', why: 'the agent did not take it, and said why' },
    { from: 'received', to: 'expired', why: 'nothing was heard of it while it was waited for' },
    { from: 'expired', to: 'ended', why: 'the agent was heard of again, and said how it had ended' },
    { from: 'expired', to: 'refused', why: 'the agent was heard of again, and had not taken it' },
  ],
};

export type AgentRolloutState = 'running' | 'halted' | 'done';

export const AGENT_ROLLOUT_STATES: StateMachine<AgentRolloutState> = {
  initial: ['running'],
  terminal: ['done'],
  transitions: [
    { from: 'running', to: 'halted', why: 'an agent failed with the release or was not heard of again; or a person halted it, with a reason' },
    { from: 'halted', to: 'running', why: 'a person resumed it, with a reason' },
    { from: 'running', to: 'done', why: 'every agent of the pool that was there runs the release and is well' },
  ],
};

/** Every table by the name that the database uses for it. */
export const STATE_MACHINES = {
  run: RUN_STATES,
  step: STEP_STATES,
  lease: LEASE_STATES,
  tool_call: TOOL_CALL_STATES,
  approval: APPROVAL_STATES,
  policy_release: POLICY_RELEASE_STATES,
  erasure_request: ERASURE_REQUEST_STATES,
  change_request: CHANGE_REQUEST_STATES,
  agent: AGENT_STATES,
  work_order: WORK_ORDER_STATES,
  agent_rollout: AGENT_ROLLOUT_STATES,
} as const;

/** Whether `from -> to` is legal in `machine`. */
export function isLegalTransition<State extends string>(machine: StateMachine<State>, from: State, to: State): boolean {
  return machine.transitions.some((pair) => pair.from === from && pair.to === to);
}

/** Every state of `machine`, in the order of the table. */
export function statesOf<State extends string>(machine: StateMachine<State>): State[] {
  return [...new Set([...machine.initial, ...machine.transitions.flatMap((pair) => [pair.from, pair.to])])];
}
