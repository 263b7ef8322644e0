import type { PolicyApproval, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { isUsable } from './approval-in-hand.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import { labelsOfPlanned } from './labels.ts';
import type { ApprovalInHand } from './ports.ts';

/** What policy is told about one call: everything that it may judge by, and nothing that was not hashed into the action's digest but the time. */
export function policyInput(parts: GatewayParts, call: Call, plan: PlannedAction, approval: ApprovalInHand | null): PolicyInput {
  const { identity, model, labels } = call.request;
  const { manifest } = call;
  return {
    tenant: identity.tenant,
    workspace: identity.workspace,
    environment: identity.environment,
    run: { id: identity.run.id, workflow: identity.run.workflow, workflow_version: identity.run.workflowVersion, workflow_digest: identity.run.workflowDigest },
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
      sensitive_parameters: manifest.sensitive_parameters,
    },
    instance: { id: call.instance.id, name: call.instance.name },
    parameters: plan.action.parameters,
    labels: labelsOfPlanned(labels, plan.action.parameters),
    model: manifest.risk === 'model' ? model : null,
    approvals: approval === null ? [] : [policyApproval(approval)],
    time: parts.clock.now().toISOString(),
  };
}

/** An approval used by attempts that are known to have had no effect is still in hand for the effect it was given for. */
function policyApproval(approval: ApprovalInHand): PolicyApproval {
  return {
    id: approval.id,
    action_digest: approval.actionDigest,
    tier: approval.tier,
    state: isUsable(approval) ? 'approved' : approval.state,
    requested_by: approval.requestedBy,
    votes: approval.votes.map((vote) => ({ principal_id: vote.principalId, role: vote.role, decision: vote.decision, auth_strength: vote.authStrength })),
  };
}
