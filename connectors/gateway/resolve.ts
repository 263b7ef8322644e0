import { CallEnded, endedBy } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { Call } from './call.ts';
import { packageProblem } from './pinned-package.ts';
import type { CallRequest } from './ports.ts';

/** Which code, which manifest and which instance a call is for. An instance runs only the package it was approved with. */
export async function resolveCall(parts: GatewayParts, request: CallRequest, nested: boolean): Promise<Call> {
  const [connectorName = '', actionName = ''] = splitOnce(request.action);
  const connector = parts.connectors.get(connectorName);
  const manifest = connector !== undefined && Object.hasOwn(connector.manifest.actions, actionName) ? connector.manifest.actions[actionName] : undefined;
  const action = connector?.actions[actionName];
  if (connector === undefined || manifest === undefined || action === undefined) {
    throw refused('action_unknown', `There is no action ${request.action}; see the connector's manifest.`);
  }
  const changesSomething = manifest.risk === 'write' || manifest.risk === 'destructive';
  if (nested && changesSomething) throw refused('nested_write_refused', `${request.action} changes something, so it must be a step of its own.`);
  if (changesSomething && action.prepare === undefined) throw refused('action_unknown', `${request.action} is a write without \`prepare\`, so nobody could see what it sends.`);

  const instance = await parts.instances.find(request.identity, connectorName, request.instanceName);
  if (instance === null) {
    const which = request.instanceName === null ? `no single enabled instance of ${connectorName}` : `no enabled instance ${request.instanceName} of ${connectorName}`;
    throw refused('instance_missing', `There is ${which} in ${request.identity.environment.name}; create it, or name the one that is meant.`);
  }
  const changed = packageProblem(instance, connector);
  if (changed !== null) throw refused(changed.code, changed.message);
  return { request, connector, actionName, manifest, action, instance, changesSomething, nested };
}

function splitOnce(action: string): string[] {
  const at = action.indexOf('/');
  return at < 0 ? [action] : [action.slice(0, at), action.slice(at + 1)];
}

function refused(code: string, message: string): CallEnded {
  return endedBy({ code, message, retryable: false });
}
