import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Principal } from '../identity/principal.ts';
import { attemptsOfRun, callsOfRun, costsOfRun, decisionsOfRun, familyOfRun, findEvidence, findRun, stepsOfRun } from './queries.ts';
import type { AttemptRow, CallRow, DecisionRow, EvidenceRow, FamilyRow, RunRow, StepRow } from './queries.ts';
import { callView, decisionView, evidenceView, runSummary, stepViews, triggerOf } from './run-view.ts';

export interface RunsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly approvals: Approvals;
}

/** What ran and what became of it: read models over what the execution plane writes. */
export class Runs {
  readonly #parts: RunsParts;

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  async getRun({ principal, path }: Call<'getRun'>): Promise<Answer<'getRun'>> {
    const body = await this.#parts.database.forTenant(principal.tenantId, (tx) => this.#read(tx, principal, path.run_id));
    return { status: 200, body };
  }

  async #read(tx: Transaction, principal: Principal, runId: string): Promise<components['schemas']['Run']> {
    const run = await runOf(tx, principal, runId);
    const of = [principal.tenantId, runId];
    const family = await tx.one<FamilyRow>(familyOfRun, of);
    const steps = await tx.rows<StepRow>(stepsOfRun, of);
    const attempts = await tx.rows<AttemptRow>(attemptsOfRun, of);
    return {
      ...runSummary(run),
      workflow_id: run.workflow_id, workflow_digest: run.workflow_digest, pins: run.pins, event_at: run.event_at.toISOString(),
      trigger: triggerOf(run) as Record<string, never>, paused_by: run.paused_by, pause_reason: run.pause_reason,
      ...family, deadline_at: family.deadline_at?.toISOString() ?? null,
      steps: await stepViews(steps, attempts, principal, this.#parts.keys),
      decisions: (await tx.rows<DecisionRow>(decisionsOfRun, of)).map(decisionView),
      calls: (await tx.rows<CallRow>(callsOfRun, of)).map(callView),
      approvals: await this.#parts.approvals.ofRun(tx, runId, principal),
      costs: await tx.rows<components['schemas']['CostLine']>(costsOfRun, of),
      evidence: evidenceView(await tx.maybeOne<EvidenceRow>(findEvidence, of)),
    };
  }
}

/** @throws ApiError `not_found`, also for runs of other workspaces and tenants */
export async function runOf(tx: Transaction, principal: Principal, runId: string): Promise<RunRow> {
  const run = await tx.maybeOne<RunRow>(findRun, [principal.tenantId, principal.workspaceId, runId]);
  if (run === undefined) throw new ApiError('not_found', 'There is no such run.');
  return run;
}
