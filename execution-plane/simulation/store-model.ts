import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import { isLegalTransition, LEASE_STATES, RUN_STATES, STEP_STATES, TOOL_CALL_STATES } from '@countersign/contracts/states/transitions.ts';
import type { LeaseState, RunState, StepState, ToolCallState } from '@countersign/contracts/states/transitions.ts';
import type { StateMachine } from '@countersign/contracts/states/transitions.ts';
import { planMoves } from '../dispatch/plan-moves.ts';
import type { Moved, Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import type { StepChange, Transition } from '../dispatch/repository-transitions.ts';
import { ExecutionError } from '../errors.ts';
import type { Flaw } from './flaws.ts';

export interface ModelStep {
  readonly id: string;
  readonly runId: string;
  readonly key: string;
  readonly uses: string;
  readonly needs: readonly string[];
  readonly maxAttempts: number;
  state: StepState;
  fence: number;
  attempt: number;
  availableAt: number;
  owner: string | null;
  leaseEnds: number | null;
  approvalId: string | null;
  error: { readonly code: string; readonly message: string; readonly data?: unknown } | null;
}

export interface ModelRun { readonly id: string; state: RunState; error: { readonly code: string } | null }
export interface ModelLease { readonly stepId: string; readonly fence: number; readonly worker: string; state: LeaseState; result: StepState | null }
export interface ModelCall { readonly id: string; readonly stepId: string; readonly runId: string; readonly fence: number; readonly intendedAt: number; state: ToolCallState; /** Closed without a look, to be sent again. */ unseen?: boolean }
export interface ModelApproval { readonly id: string; readonly stepId: string; state: 'pending' | 'approved' | 'rejected' | 'consumed' | 'withdrawn' }
export interface Holding { readonly stepId: string; readonly fence: number; readonly worker: string }
export interface ClaimedInModel { readonly step: ModelStep; readonly fence: number; readonly attempt: number; readonly cancelling: boolean }

const TENANT = 'ten_model';
const CLAIMABLE: ReadonlySet<StepState> = new Set(['ready', 'retrying', 'uncertain']);

/** What holds of the tables was broken: a mistake of the model, or of what is simulated. */
export class BrokenInvariantError extends Error {
  override readonly name = 'BrokenInvariantError';
}

/**
 * The execution schema as a model: the rows, and the guards of the statements of `dispatch/` and `store/`, each operation all or nothing at one
 * moment of the database's clock. What follows from a move is planned by the real `planMoves`. `store-model.db.test.ts` compares it with the
 * real statements.
 */
export class StoreModel {
  readonly runs = new Map<string, ModelRun>();
  readonly steps = new Map<string, ModelStep>();
  readonly leases: ModelLease[] = [];
  readonly calls: ModelCall[] = [];
  readonly approvals: ModelApproval[] = [];
  readonly #flaws: ReadonlySet<Flaw>;

  constructor(flaws: ReadonlySet<Flaw> = new Set()) {
    this.#flaws = flaws;
  }

  addRun(id: string, steps: ReadonlyArray<Pick<ModelStep, 'id' | 'key' | 'uses' | 'needs' | 'maxAttempts'>>, now: number): void {
    this.runs.set(id, { id, state: 'queued', error: null });
    for (const step of steps) {
      this.steps.set(step.id, { ...step, runId: id, state: step.needs.length === 0 ? 'ready' : 'blocked', fence: 0, attempt: 0, availableAt: now, owner: null, leaseEnds: null, approvalId: null, error: null });
    }
  }

  /** As the claim of `dispatch/`, without its shares: what has been due longest comes first. `only`: of those. */
  claim(now: number, worker: string, leaseMs: number, limit: number, only: (step: ModelStep) => boolean = () => true): ClaimedInModel[] {
    const found = [...this.steps.values()]
      .filter((step) => CLAIMABLE.has(step.state) && (step.availableAt <= now || this.#flaws.has('claims_early')) && only(step))
      .sort((a, b) => a.availableAt - b.availableAt || (a.id < b.id ? -1 : 1)).slice(0, limit);
    if (found.length === 0) return [];
    const cancelling = new Set(found.filter((step) => this.#run(step.runId).state === 'cancelling'));
    const steps = found.map((step): StepChange => ({ tenant_id: TENANT, id: step.id, from: step.state, to: 'leased', attempt: step.attempt + 1, worker, lease_ms: leaseMs }));
    const queued = [...new Set(found.map((step) => step.runId))].filter((id) => this.#run(id).state === 'queued');
    this.apply(now, { steps, runs: queued.map((id) => ({ tenant_id: TENANT, id, from: 'queued' as const, to: 'running' as const })), contents: [], events: [] });
    return found.map((step) => ({ step, fence: step.fence, attempt: step.attempt, cancelling: cancelling.has(step) }));
  }

  /** As `steps.renew_leases`: the steps whose lease still ran. */
  renew(now: number, held: readonly Holding[], leaseMs: number): Set<string> {
    const kept = held.filter((holding) => this.holds(now, holding));
    for (const { stepId } of kept) this.#step(stepId).leaseEnds = now + leaseMs;
    return new Set(kept.map(({ stepId }) => stepId));
  }

  /** As `HELD`. */
  holds(now: number, { stepId, fence }: Holding): boolean {
    const step = this.#step(stepId);
    return step.state === 'leased' && (step.fence === fence || this.#flaws.has('no_fence_check')) && (step.leaseEnds! > now || this.#flaws.has('no_lease_check'));
  }

  /** As `steps.expired_leases`. */
  expired(now: number): Array<{ step: ModelStep; fence: string; effectUnknown: boolean }> {
    return [...this.steps.values()].filter((step) => step.state === 'leased' && (step.leaseEnds! <= now || this.#flaws.has('takes_held_leases')))
      .map((step) => ({ step, fence: String(step.fence), effectUnknown: this.effectUnknown(step.id) }));
  }

  effectUnknown(stepId: string): boolean {
    return this.calls.some((call) => call.stepId === stepId && (call.state === 'intended' || call.state === 'uncertain'));
  }

  /** As `readWritesUnderWay`: the action by the step's key. */
  openEffects(runId: string): ReadonlyMap<string, string> {
    return new Map(this.stepsOf(runId).filter((step) => this.effectUnknown(step.id)).map((step) => [step.key, step.uses]));
  }

  /** As `steps.end_leases_of`. */
  endLeases(now: number, worker: string): void {
    for (const step of this.steps.values()) if (step.state === 'leased' && step.owner === worker && step.leaseEnds! > now) step.leaseEnds = now;
  }

  /** As `moveRun`. */
  move(now: number, worker: string, runId: string, decide: (run: LockedRun) => Moves | null): Moved | null {
    const run = this.#locked(runId);
    const moves = decide(run);
    if (moves === null) return null;
    const { transition, further, withdrawn, moved } = planMoves(run, moves, { kind: 'worker', id: worker });
    this.apply(now, this.#flaws.has('forgets_outcomes') ? withoutReleases(transition) : transition);
    for (const approval of this.approvals) if (withdrawn.includes(approval.id) && (approval.state === 'pending' || approval.state === 'approved')) approval.state = 'withdrawn';
    if (further !== null) this.apply(now, further);
    return moved;
  }

  /** As `steps.apply_transition`: all of it or, with the error that the statement's caller throws, nothing. */
  apply(now: number, { steps, runs }: Transition): void {
    const missed = steps.find((change) => !this.#fits(now, change));
    if (missed?.from === 'leased' && missed.lease === 'held') throw new StaleLeaseError(missed.id, missed.fence ?? '?');
    if (missed !== undefined) throw new ExecutionError('transition_conflict', `The step ${missed.id} is not ${missed.from} any more.`);
    if (runs.some(({ id, from }) => this.#run(id).state !== from)) throw new ExecutionError('transition_conflict', 'A run is not in the state that this change was decided on any more.');
    for (const change of steps) this.#moveStep(now, change);
    for (const { id, from, to, error } of runs) {
      legal(RUN_STATES, from, to, id);
      const run = this.#run(id);
      run.error = error ?? (to === 'running' || to === 'succeeded' ? null : run.error);
      run.state = to;
    }
  }

  /** As `calls.find_effect`: the one call of this step that has not failed. */
  findEffect(stepId: string): ModelCall | null {
    return this.calls.findLast((call) => call.stepId === stepId && call.state !== 'failed') ?? null;
  }

  /** As `calls.insert_intent`. @throws StaleLeaseError. Null when another call of this effect is in its place, or the approval cannot be used. */
  intend(now: number, holding: Holding, approvalId: string | null): ModelCall | null {
    this.#mustHold(now, holding);
    const step = this.#step(holding.stepId);
    if (this.findEffect(step.id) !== null) return null;
    const approval = approvalId === null ? null : this.approvals.find(({ id }) => id === approvalId);
    if (approval !== null && !(approval?.state === 'approved' || approval?.state === 'consumed')) return null;
    if (approval !== null) approval.state = 'consumed';
    const call: ModelCall = { id: `call-${this.calls.length + 1}`, stepId: step.id, runId: step.runId, fence: holding.fence, intendedAt: now, state: 'intended' };
    this.calls.push(call);
    return call;
  }

  /** As `calls.update_outcome`. @throws StaleLeaseError */
  settleCall(now: number, holding: Holding, callId: string, to: ToolCallState, unseen = false): void {
    this.#mustHold(now, holding);
    const call = this.calls.find(({ id }) => id === callId)!;
    // It has its outcome already: whoever wrote that was not this holder.
    if (call.state !== 'intended' && call.state !== 'uncertain') throw new StaleLeaseError(holding.stepId, String(holding.fence));
    if (call.state !== to) legal(TOOL_CALL_STATES, call.state, to, callId);
    call.state = to;
    if (unseen) call.unseen = true;
  }

  stepsOf(runId: string): ModelStep[] {
    return [...this.steps.values()].filter((step) => step.runId === runId);
  }

  #fits(now: number, { id, from, fence, lease }: StepChange): boolean {
    const step = this.#step(id);
    if (step.state !== from) return false;
    if (fence !== undefined && step.fence !== Number(fence) && !this.#flaws.has('no_fence_check')) return false;
    if (from !== 'leased') return true;
    if (fence === undefined) return false;
    if (lease === 'expired') return (step.leaseEnds ?? 0) <= now || this.#flaws.has('takes_held_leases');
    return (step.leaseEnds ?? 0) > now || this.#flaws.has('no_lease_check');
  }

  #moveStep(now: number, change: StepChange): void {
    const step = this.#step(change.id);
    legal(STEP_STATES, step.state, change.to, change.id);
    if (step.state === 'leased') this.#endLease(step, change);
    step.state = change.to;
    step.attempt = change.attempt ?? step.attempt;
    if (change.delay_ms !== undefined) step.availableAt = now + change.delay_ms;
    if (change.approval_id !== undefined) step.approvalId = change.approval_id === '' ? null : change.approval_id;
    step.error = change.error ?? null;
    step.owner = change.to === 'leased' ? change.worker ?? null : null;
    step.leaseEnds = change.to === 'leased' ? now + (change.lease_ms ?? 0) : null;
    if (change.to !== 'leased') return;
    step.fence += 1;
    this.leases.push({ stepId: step.id, fence: step.fence, worker: change.worker ?? '', state: 'held', result: null });
  }

  #endLease(step: ModelStep, { to, lease }: StepChange): void {
    const held = this.leases.find(({ stepId, fence }) => stepId === step.id && fence === step.fence);
    if (held === undefined) throw new BrokenInvariantError(`${step.id} is leased under fence ${step.fence} and has no lease.`);
    const state = lease === 'expired' ? 'expired' : to === 'ready' ? 'returned' : 'released';
    legal(LEASE_STATES, held.state, state, `${step.id}/${step.fence}`);
    held.state = state;
    held.result = to;
  }

  #mustHold(now: number, holding: Holding): void {
    if (!this.holds(now, holding)) throw new StaleLeaseError(holding.stepId, String(holding.fence));
  }

  #locked(runId: string): LockedRun {
    const { state, error } = this.#run(runId);
    return {
      tenantId: TENANT, id: runId, workspaceId: 'wsp_model', state, workflowName: 'model', engineVersion: 1, overdue: state === 'cancelling' && error?.code === 'deadline_exceeded', paused: false,
      steps: this.stepsOf(runId).map((step) => ({ ...step, fence: String(step.fence), itemRules: null })),
    };
  }

  #run(id: string): ModelRun {
    return this.runs.get(id)!;
  }

  #step(id: string): ModelStep {
    return this.steps.get(id)!;
  }
}

/** As the foreign keys to the legal pairs. */
function legal<State extends string>(machine: StateMachine<State>, from: State, to: State, what: string): void {
  if (!isLegalTransition(machine, from, to)) throw new BrokenInvariantError(`${what}: ${from} -> ${to} is no legal transition.`);
}

function withoutReleases(transition: Transition): Transition {
  return { ...transition, steps: transition.steps.filter((change) => change.from !== 'blocked') };
}
