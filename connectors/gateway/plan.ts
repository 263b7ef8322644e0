import type { JsonObject, Prepared } from '../sdk/connector.ts';
import { isUsable } from './approval-in-hand.ts';
import { createActionContext } from './action-context.ts';
import type { GatewayParts } from './parts.ts';
import type { Call, PlannedAction } from './call.ts';
import { endedBy } from './call.ts';
import { canonicalAction } from './canonical-action.ts';
import type { CanonicalAction } from './canonical-action.ts';
import { withContent } from './content-parameters.ts';
import { callErrorOf } from './failures.ts';
import type { ApprovalInHand, FixedAction } from './ports.ts';
import { remoteOf } from './placement.ts';
import type { RemotePlace } from './remote-place.ts';
import { readStoredAction } from './stored-action.ts';

/**
 * The exact action to decide on. What people approved is taken as they saw it, byte for byte; everything else is prepared afresh.
 * `follows`: the approval that a new request takes the place of.
 */
export async function planAction(parts: GatewayParts, call: Call, approval: ApprovalInHand | null, follows: string | null): Promise<PlannedAction> {
  if (call.request.fixed !== undefined) return asFixed(parts, call, call.request.fixed);
  if (!call.changesSomething) return planned(call, call.request.parameters, null, follows);
  if (approval === null || follows !== null) return prepareAfresh(parts, call, follows);
  const stored = readStoredAction(approval.actionText, approval.actionDigest);
  if (stored === null) {
    throw endedBy({ code: 'approved_action_damaged', message: `The action stored with ${approval.id} is not the one that its digest names, so it is not executed.`, retryable: false });
  }
  if (approval.state === 'approved' && isSameCall(call, stored.action)) {
    const parameters = wholeParameters(parts, call, stored.action, approval);
    return { ...stored, content: approval.content, parameters, prepared: { parameters, target: approval.target, preview: approval.preview } };
  }
  // Used before without any effect: prepared again, the same record in the same version gives the same digest, which it still covers.
  return prepareAfresh(parts, call, isUsable(approval) && isSameCall(call, stored.action) ? (stored.action.follows_approval ?? null) : approval.id);
}

/** What was prepared, and decided on, where the call comes from: byte for byte, or not at all. */
function asFixed(parts: GatewayParts, call: Call, fixed: FixedAction): PlannedAction {
  const stored = readStoredAction(fixed.actionText, fixed.actionDigest);
  if (stored === null || !isSameCall(call, stored.action)) {
    throw endedBy({ code: 'approved_action_damaged', message: `The action that was given for ${call.request.action} is not the one that its digest names, or is of another call, so it is not executed.`, retryable: false });
  }
  const parameters = wholeParameters(parts, call, stored.action, fixed);
  const prepared = call.changesSomething && fixed.target !== null ? { parameters, target: fixed.target, preview: NO_PREVIEW } : null;
  return { ...stored, content: fixed.content, parameters, prepared };
}

function wholeParameters(parts: GatewayParts, call: Call, action: CanonicalAction, { content }: Pick<ApprovalInHand, 'content'>): JsonObject {
  try {
    return withContent(action.parameters, call.manifest.content_parameters, content);
  } catch (error) {
    throw endedBy(callErrorOf(parts.log, call, error));
  }
}

async function prepareAfresh(parts: GatewayParts, call: Call, follows: string | null): Promise<PlannedAction> {
  const remote = remoteOf(parts, call);
  if (remote !== null) return preparedThere(remote, call, follows);
  const context = createActionContext(parts, call, { follows, actionDigest: null });
  try {
    const prepared = await call.action.prepare!(context.actionContext, call.request.parameters);
    context.rethrowFault();
    return planned(call, prepared.parameters, prepared, follows);
  } catch (error) {
    context.rethrowFault();
    throw endedBy(callErrorOf(parts.log, call, error));
  } finally {
    await context.end();
  }
}

async function preparedThere(remote: RemotePlace, call: Call, follows: string | null): Promise<PlannedAction> {
  const answer = await remote.prepare(call, follows);
  if ('error' in answer) throw endedBy(answer.error);
  return planned(call, answer.prepared.parameters, answer.prepared, follows);
}

function planned(call: Call, parameters: JsonObject, prepared: Prepared | null, follows: string | null): PlannedAction {
  const digested = canonicalAction(call.request.identity, {
    connector: call.connector.manifest.name,
    connector_version: call.connector.manifest.version,
    manifest_digest: call.connector.manifestDigest,
    action: call.actionName,
    instance_id: call.instance.id,
    target: prepared?.target ?? null,
    parameters,
    ...(follows === null ? {} : { follows_approval: follows }),
  }, call.manifest.content_parameters);
  return { ...digested, parameters, prepared };
}

/** For who carries an action out, people's view of it is of no use. */
const NO_PREVIEW: Prepared['preview'] = { title: '', fields: [], additions: [] };

/** An approval is for this very call, with the connector as it was then. */
function isSameCall(call: Call, action: CanonicalAction): boolean {
  const now = planned(call, {}, null, null).action;
  const identifying = ['tenant_id', 'environment_id', 'run_id', 'step_key', 'call_key', 'connector', 'connector_version', 'manifest_digest', 'action', 'instance_id'] as const;
  return identifying.every((name) => now[name] === action[name]);
}
