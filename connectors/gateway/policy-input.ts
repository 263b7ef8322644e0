import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { PolicyApproval, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { localTime } from '@countersign/platform/clock/local-time.ts';
import { isUsable } from './approval-in-hand.ts';
import type { Call, PlannedAction } from './call.ts';
import { asPolicySees, labelsOfPlanned } from './labels.ts';
import type { JsonObject } from '../sdk/connector.ts';
import type { ApprovalInHand, CallSituation } from './ports.ts';

/** As many as the contract of the input holds; one is enough to stop a call. */
const MAX_KILL_SWITCHES = 64;

export interface InputSources {
  readonly situation: CallSituation;
  readonly approval: ApprovalInHand | null;
  readonly now: Date;
}

/**
 * What policy is told about one call: everything that it may judge by. What it says of the action is in the action's digest; the rest is
 * how things stand now. Facts that have to be looked up are added by the decision point where a rule reads them.
 */
export function policyInput(call: Call, plan: PlannedAction, { situation, approval, now }: InputSources): PolicyInput {
  const { identity, model, labels, routedFrom } = call.request;
  const { manifest } = call;
  return {
    tenant: identity.tenant,
    workspace: identity.workspace,
    environment: identity.environment,
    run: { id: identity.run.id, workflow: identity.run.workflow, workflow_version: identity.run.workflowVersion, workflow_digest: identity.run.workflowDigest, autonomy: situation.autonomy },
    step: { id: identity.step.id, key: identity.step.key, attempt: identity.step.attempt },
    call: { id: `${identity.step.id}/${identity.callKey}`, ...(call.request.within === undefined ? {} : { within: call.request.within }) },
    principal: { id: `workflow:${identity.run.workflow}`, kind: 'workflow' },
    action: {
      connector: call.connector.manifest.name,
      name: call.actionName,
      connector_version: call.connector.manifest.version,
      risk: manifest.risk,
      reversible: manifest.reversible,
      idempotent: manifest.idempotent,
      digest: plan.digest,
      sensitive_parameters: sensitiveIn(manifest, plan.action.parameters),
      data_classes: manifest.data_classes ?? [],
    },
    instance: { id: call.instance.id, name: call.instance.name },
    parameters: plan.action.parameters,
    ...asPolicySees(labelsOfPlanned(labels, plan.action.parameters)),
    model: manifest.risk === 'model' ? model : null,
    approvals: approval === null ? [] : [policyApproval(approval)],
    time: now.toISOString(),
    local_time: localTime(now, situation.time_zone),
    kill_switches: situation.kill_switches.slice(0, MAX_KILL_SWITCHES),
    ...(routedFrom === undefined ? {} : { routed_from: { target: routedFrom.target, decision_id: routedFrom.decisionId } }),
  };
}

/**
 * The parameters that choose where data goes. Those of a read all do, because each goes to the peer and chooses what comes back; only
 * what the manifest says never leaves us does not.
 */
function sensitiveIn(manifest: ActionManifest, parameters: JsonObject): string[] {
  if (manifest.risk !== 'read') return [...manifest.sensitive_parameters];
  const local = new Set(manifest.local_parameters ?? []);
  const all = Object.keys(parameters).map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return [...new Set([...manifest.sensitive_parameters, ...all])].filter((pointer) => !local.has(pointer));
}

/** An approval used by attempts that are known to have had no effect is still in hand for the effect it was given for. */
function policyApproval(approval: ApprovalInHand): PolicyApproval {
  return {
    id: approval.id,
    action_digest: approval.actionDigest,
    tier: approval.tier,
    state: isUsable(approval) ? 'approved' : approval.state,
    requested_by: approval.requestedBy,
    votes: approval.votes.map((vote) => ({ principal_id: vote.principalId, role: vote.role, decision: vote.decision, auth_strength: vote.authStrength, sign_in_age_ms: vote.signInAgeMs })),
  };
}
