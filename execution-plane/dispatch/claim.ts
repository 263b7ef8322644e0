import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { FairShares } from './fair-shares.ts';
import { stepData } from './plan-moves.ts';
import { lockClaimable } from './repository-claims.ts';
import type { Claimable } from './repository-claims.ts';
import { failLostCalls } from './repository-lost-calls.ts';
import type { LostHolder } from './repository-lost-calls.ts';
import type { RunFacts } from './repository-runs.ts';
import { commitTransition } from './repository-transitions.ts';
import type { RunChange, StepChange } from './repository-transitions.ts';
import type { NewAuditEvent } from '../audit/events.ts';

/** A step that this worker holds: nobody else may write it until the lease ends. */
export interface ClaimedStep {
  readonly stepId: string;
  readonly key: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly fence: string;
  /** Its run is being cancelled: it was claimed only to find out what became of what it sent. */
  readonly cancelling?: boolean;
  /** Its deadline is over, and the same holds. */
  readonly overdue?: boolean;
  /** How long the step waited for a worker; absent where the worker that made it ready goes on with it. */
  readonly waitedMs?: number;
  readonly facts: RunFacts;
}

export interface ClaimOptions {
  readonly worker: string;
  readonly leaseMs: number;
  readonly limit: number;
  /** Whose turn it is: of the worker. */
  readonly shares: FairShares;
}

/** What came of a claim. `mayBeMore`: something may wait that was not taken. */
export interface Claim {
  readonly claimed: ClaimedStep[];
  /** Runs that it started. */
  readonly started: RunFacts[];
  readonly mayBeMore: boolean;
}

/** Takes up to `limit` steps of the transaction's tenants, with the first claim of a run starting it. */
export async function claimSteps(tx: Transaction, at: Date, options: ClaimOptions): Promise<Claim> {
  const { found, mayBeMore } = await lockClaimable(tx, options.limit, options.shares);
  if (found.length === 0) return { claimed: [], started: [], mayBeMore };
  const steps = found.map((step): StepChange => ({
    tenant_id: step.facts.tenant.id, id: step.stepId, from: step.state, to: 'leased', attempt: step.attempt + 1, worker: options.worker, lease_ms: options.leaseMs,
  }));
  const starting = [...new Map(found.filter((step) => step.runState === 'queued').map((step) => [step.facts.run.id, step.facts])).values()];
  const runs = starting.map((facts): RunChange => ({ tenant_id: facts.tenant.id, id: facts.run.id, from: 'queued', to: 'running' }));
  await commitTransition(tx, { steps, runs, contents: [], events: [...claimEvents(found, steps, options.worker), ...startEvents(starting, options.worker)] }, at);
  await failLostCalls(tx, found.filter(wasClaimedBefore).map(asHolder), { kind: 'worker', id: options.worker }, at);
  return { claimed: found.map(asClaimed), started: starting, mayBeMore };
}

function wasClaimedBefore({ fence }: Claimable): boolean {
  return fence !== '0';
}

/** Whoever had the step before. What it read without being able to say what came of it stays open until here. */
function asHolder({ stepId, fence, facts }: Claimable): LostHolder {
  return { tenantId: facts.tenant.id, runId: facts.run.id, stepId, fence };
}

function asClaimed({ stepId, key, attempt, maxAttempts, fence, waitedMs, facts, runState, overdue }: Claimable): ClaimedStep {
  return { stepId, key, attempt: attempt + 1, maxAttempts, fence: (BigInt(fence) + 1n).toString(), waitedMs, facts, ...(runState === 'cancelling' ? { cancelling: true } : {}), ...(overdue ? { overdue: true } : {}) };
}

function claimEvents(found: readonly Claimable[], steps: readonly StepChange[], worker: string): NewAuditEvent[] {
  return steps.map((step, i) => ({
    type: 'step.state_changed', tenant_id: step.tenant_id, workspace_id: found[i]!.facts.workspace.id, run_id: found[i]!.facts.run.id,
    actor: { kind: 'worker', id: worker }, subject: { kind: 'step', id: step.id }, data: stepData(found[i]!.key, step),
  }));
}

function startEvents(starting: readonly RunFacts[], worker: string): NewAuditEvent[] {
  return starting.map((facts) => ({
    type: 'run.state_changed', tenant_id: facts.tenant.id, workspace_id: facts.workspace.id, run_id: facts.run.id,
    actor: { kind: 'worker', id: worker }, subject: { kind: 'run', id: facts.run.id }, data: { from: 'queued', to: 'running' },
  }));
}
