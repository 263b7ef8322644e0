import { MAX_DEPTH } from '@countersign/contracts/workflow/definition.ts';
import { allOf, evaluateWithLabels } from '@countersign/platform/expressions/labels.ts';
import type { Labelled } from '@countersign/platform/expressions/labels.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { ClaimedStep } from '../dispatch/claim.ts';
import { moveRun } from '../dispatch/move-run.ts';
import type { Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import { engineOf } from '../engine/versions.ts';
import { ExecutionError } from '../errors.ts';
import { planPins, planSteps } from '../intake/plan-run.ts';
import { insertStepRows } from '../intake/queries.ts';
import { limitKeysOf } from '../limits/limit-keys.ts';
import type { RunPlace } from '../limits/repository-run-quotas.ts';
import { RunQuotas } from '../limits/run-quotas.ts';
import { RunContext } from '../steps/run-context.ts';
import { triggerManifestOf } from '../steps/trigger-manifest.ts';
import type { TakenTurn } from '../steps/take-turn.ts';
import type { FlowParts } from './flow-parts.ts';
import { insertChildRow, readChild, readChildFacts, readPinnedVersion, readWorkflowPins } from './repository-workflows.ts';

/**
 * A turn with `workflow/<name>`: starts the run; or, where it is started, waits for it, takes what it gave, or redrives it. A run that a step
 * started is never replaced by another one, which would do again what the first has done.
 */
export async function takeWorkflowTurn(parts: FlowParts, claimed: ClaimedStep, name: string, parameters: () => Labelled): Promise<TakenTurn> {
  const tenantId = claimed.facts.tenant.id;
  const { id, state, depth, overdue, ...child } = await parts.database.forTenant(tenantId, (tx) => readChild(tx, tenantId, claimed.stepId));
  if (id === null || state === null) return start(parts, claimed, name, depth, parameters());
  const next = engineOf(claimed.facts.engineVersion).endOfChild({ ...child, id, state, workflow: name, overdue: overdue === true });
  switch (next.kind) {
    case 'gather': return gather(parts, claimed, id);
    case 'redrive': return redrive(parts, claimed, id);
    default: return next.end;
  }
}

/** @throws ExecutionError `workflow_inactive`, `workflow_too_deep`, `quota_exceeded` */
async function start(parts: FlowParts, claimed: ClaimedStep, name: string, depth: number, { value, labels }: Labelled): Promise<TakenTurn> {
  const { facts } = claimed;
  const pin = facts.pins.workflows?.[name];
  if (pin === undefined) throw new ExecutionError('workflow_inactive', `The workflow ${name} was not active in ${facts.environment.name} when this run began. Activate it there, then start a new run.`);
  if (depth >= MAX_DEPTH) throw new ExecutionError('workflow_too_deep', `${name} would be the ${depth + 1}th run below another, and at most ${MAX_DEPTH} are allowed. Start fewer workflows from one another.`);
  const place = { tenant_id: facts.tenant.id, environment_id: facts.environment.id };
  const { workflow, workflows } = await parts.database.forTenant(place.tenant_id, async (tx) => {
    await refuseOverQuota(tx, { ...place, workspace_id: facts.workspace.id });
    const workflow = await readPinnedVersion(tx, place.tenant_id, pin);
    return { workflow, workflows: await readWorkflowPins(tx, place, workflow.definition) };
  });
  const id = newId('run');
  const steps = planSteps(workflow);
  const limits = limitKeysOf(workflow.definition, { ...place, workflow_id: workflow.id }, value as JsonObject);
  const trigger = await parts.contents.seal(place.tenant_id, 'trigger', value, allOf(labels), parts.clock.now());
  // Connectors, and the instance that the event came from, are its parent's: one piece of work does not change its ground in the middle.
  const pins = planPins(workflow, facts.pins, workflows);
  const created: NewAuditEvent = {
    type: 'run.created', tenant_id: place.tenant_id, workspace_id: facts.workspace.id, run_id: id, actor: { kind: 'worker', id: parts.worker }, subject: { kind: 'run', id },
    data: {
      workflow: workflow.name, workflow_version: workflow.version, workflow_digest: workflow.digest, trigger_kind: 'workflow', parent_run_id: facts.run.id, parent_step_id: claimed.stepId,
      parent_step_key: claimed.key, trigger_sha256: trigger.sha256, policy_bundle_seq: pins.policy_bundle_seq ?? null, steps: steps.map((step) => step.key),
    },
  };
  return {
    to: 'waiting', approvalId: null,
    alongside: async (tx, at) => {
      await insertChildRow(tx, facts, { id, parentStepId: claimed.stepId, workflow, pins, trigger, triggerParts: labels, limits });
      await insertStepRows(tx, place.tenant_id, id, steps, [trigger], [created], at);
    },
  };
}

/** A run that another one starts is a run like any other. @throws ExecutionError `quota_exceeded`: the step fails, and starts the run when it is redriven with room for one */
async function refuseOverQuota(tx: Transaction, place: RunPlace): Promise<void> {
  const quota = (await RunQuotas.read(tx, [place])).usedUp(place, 1);
  if (quota !== null) throw new ExecutionError('quota_exceeded', quota.message);
}

/** What the workflow says that it gives (`spec.outputs`), read from its run by whoever started it. */
async function gather(parts: FlowParts, { facts }: ClaimedStep, childId: string): Promise<TakenTurn> {
  const child = await parts.database.forTenant(facts.tenant.id, (tx) => readChildFacts(tx, facts, childId));
  const { outputs } = child.definition;
  if (outputs === undefined) return { to: 'succeeded', output: {}, labels: [] };
  const context = await RunContext.load(parts.database, parts.contents, child, triggerManifestOf(parts.gateway, child));
  const { value, labels } = evaluateWithLabels(outputs, context.expressionContext(), (path) => context.labelsOf(path));
  return { to: 'succeeded', output: value as JsonObject, labels: allOf(labels), parts: labels };
}

/** A redriven step redrives what it started, which goes on from where it broke, under its own keys. */
function redrive({ worker }: FlowParts, { facts, stepId }: ClaimedStep, childId: string): TakenTurn {
  return {
    to: 'waiting', approvalId: null, holds: true,
    alongside: async (tx, at) => { await moveRun(tx, at, { kind: 'worker', id: worker }, facts.tenant.id, childId, (run) => redriven(run, worker, stepId)); },
  };
}

function redriven(run: LockedRun, worker: string, parentStepId: string): Moves | null {
  const found = engineOf(run.engineVersion).redriveOf(run, null);
  if (found === null) return null;
  return {
    run: 'running',
    steps: [
      ...found.broken.map((step) => ({ id: step.id, from: step.state, to: 'ready', attempt: 0, delay_ms: 0, ...(step.state === 'failed' ? { approval_id: '' } : {}) } as const)),
      ...found.behind.map((step) => ({ id: step.id, from: step.state, to: 'blocked' } as const)),
    ],
    events: found.broken.map((step): NewAuditEvent => ({
      type: 'step.redriven', tenant_id: run.tenantId, workspace_id: run.workspaceId, run_id: run.id, actor: { kind: 'worker', id: worker },
      subject: { kind: 'step', id: step.id }, data: { step_key: step.key, from: step.state, parent_step_id: parentStepId, error_code: step.error?.code ?? null },
    })),
  };
}
