import { CallEnded, endedBy } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';
import { packageProblem } from './pinned-package.ts';
import type { CallRequest } from './ports.ts';
import { placementProblem, remoteOf, withTimeThere } from './placement.ts';

/** Which code, which manifest and which instance a call is for. An instance runs only the package it was approved with. */
export async function resolveCall(parts: GatewayParts, request: CallRequest, nested: boolean): Promise<Call> {
  const [connectorName = '', actionName = ''] = splitOnce(request.action);
  const installed = parts.connectors.get(connectorName);
  const instance = await parts.instances.find(request.identity, connectorName, request.instanceName, request.instanceName === null ? request.pool : undefined);
  // What is shipped or installed cannot be replaced by a tenant's manifest of the same name.
  const connector = installed ?? (instance === null ? undefined : await parts.declared.of(request.identity.tenant.id, instance) ?? undefined);
  const manifest = connector !== undefined && Object.hasOwn(connector.manifest.actions, actionName) ? connector.manifest.actions[actionName] : undefined;
  const action = connector?.actions[actionName];
  if (connector === undefined || manifest === undefined || action === undefined) {
    const why = connector === undefined && instance === null ? `no connector ${connectorName} is installed, and ${missingInstance(request, connectorName)}` : 'see the connector\'s manifest';
    throw refused('action_unknown', `There is no action ${request.action}: ${why}.`);
  }
  const changesSomething = manifest.risk === 'write' || manifest.risk === 'destructive';
  if (nested && changesSomething) throw refused('nested_write_refused', `${request.action} changes something, so it must be a step of its own.`);
  if (changesSomething && action.prepare === undefined) throw refused('action_unknown', `${request.action} is a write without \`prepare\`, so nobody could see what it sends.`);

  if (instance === null) throw refused('instance_missing', `There is ${missingInstance(request, connectorName)}.`);
  const changed = packageProblem(instance, connector);
  if (changed !== null) throw refused(changed.code, changed.message);
  const misplaced = placementProblem(request, instance);
  if (misplaced !== null) throw endedBy(misplaced);
  return inItsPlace(parts, { request, connector, actionName, manifest, action, instance, changesSomething, nested, adjusted: null });
}

function inItsPlace(parts: GatewayParts, call: Call): Call {
  return remoteOf(parts, call) === null ? call : withTimeThere(call);
}

/** `call` as one to another instance of its connector; null where that is not there any more, or is pinned to another package. */
export async function atInstance(parts: GatewayParts, call: Call, instanceId: string | null): Promise<Call | null> {
  if (instanceId === null || instanceId === call.instance.id) return call;
  const instance = await parts.instances.byId(call.request.identity, call.connector.manifest.name, instanceId);
  if (instance === null || packageProblem(instance, call.connector) !== null) return null;
  // What it calls in its turn is asked there, too.
  return inItsPlace(parts, { ...call, manifest: call.connector.manifest.actions[call.actionName]!, instance, request: { ...call.request, instanceName: instance.name } });
}

function missingInstance({ instanceName, identity, pool }: CallRequest, connector: string): string {
  const which = instanceName === null ? `no single enabled instance of ${connector}${pool === undefined ? '' : ` in the pool ${pool}`}` : `no enabled instance ${instanceName} of ${connector}`;
  return `${which} in ${identity.environment.name}; create it, or name the one that is meant`;
}

function splitOnce(action: string): string[] {
  const at = action.indexOf('/');
  return at < 0 ? [action] : [action.slice(0, at), action.slice(at + 1)];
}

function refused(code: string, message: string): CallEnded {
  return endedBy({ code, message, retryable: false });
}
