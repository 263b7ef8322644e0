import type { SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { CanonicalAction } from '@countersign/connectors/gateway/canonical-action.ts';
import { withContent } from '@countersign/connectors/gateway/content-parameters.ts';
import { readStoredAction } from '@countersign/connectors/gateway/stored-action.ts';
import type { JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { OrderRefusedError } from './errors.ts';

/** Kinds that carry the exact action. The others ask the agent to find out what would be done, or to look. */
const CARRIES_ACTION: ReadonlySet<WorkOrder['kind']> = new Set(['execute', 'reconcile']);

/**
 * The action in the order is the one that its digest names, it is of this very call, and the parameters are those of the action.
 *
 * @param manifest of the connector here; without it what the manifest says of free texts is not looked at yet
 * @throws OrderRefusedError `order_action_mismatch`
 */
export function requireSameAction(order: WorkOrder, sealed: SealedParameters, manifest?: ConnectorManifest): void {
  if (!CARRIES_ACTION.has(order.kind)) {
    if (order.action_digest !== null || sealed.action_text !== null || order.approval !== null) throw new OrderRefusedError('order_action_mismatch', `An order to ${order.kind} names an action that is decided.`);
    return;
  }
  if (order.action_digest === null || sealed.action_text === null) throw new OrderRefusedError('order_action_mismatch', `An order to ${order.kind} names no action.`);
  const stored = readStoredAction(sealed.action_text, order.action_digest);
  if (stored === null) throw new OrderRefusedError('order_action_mismatch', 'The action has not the digest that the order names.');
  requireOfThisCall(order, stored.action);
  if (manifest !== undefined) requireItsParameters(order, sealed, stored.action, manifest);
}

function requireOfThisCall({ kind, identity, instance, action: name }: WorkOrder, action: CanonicalAction): void {
  // An effect is looked up for whichever step names its key.
  const ofItsStep = kind === 'reconcile' ? {} : { run_id: identity.run.id, step_key: identity.step.key, call_key: identity.call_key };
  const expected: Partial<Record<keyof CanonicalAction, string>> = {
    tenant_id: identity.tenant.id, environment_id: identity.environment.id, ...ofItsStep,
    connector: instance.connector, connector_version: instance.connector_version, manifest_digest: instance.manifest_digest, instance_id: instance.id,
    action: name.slice(name.indexOf('/') + 1),
  };
  const other = (Object.keys(expected) as Array<keyof CanonicalAction>).find((member) => action[member] !== expected[member]);
  if (other !== undefined) throw new OrderRefusedError('order_action_mismatch', `The ${other} of the action is not the order's.`);
}

function requireItsParameters({ action: name }: WorkOrder, { parameters, content, target }: SealedParameters, action: CanonicalAction, manifest: ConnectorManifest): void {
  const pointers = manifest.actions[name.slice(name.indexOf('/') + 1)]!.content_parameters;
  let whole: JsonObject;
  try {
    whole = withContent(action.parameters, pointers, content);
  } catch {
    throw new OrderRefusedError('order_action_mismatch', 'A free text is not the one whose digest the action binds.');
  }
  if (canonicalText(whole) !== canonicalText(parameters)) throw new OrderRefusedError('order_action_mismatch', 'The parameters are not those of the action.');
  if (canonicalText(target) !== canonicalText(action.target)) throw new OrderRefusedError('order_action_mismatch', 'The target is not that of the action.');
}
