import { endedBy } from './call.ts';
import type { Call } from './call.ts';
import type { GatewayParts } from './parts.ts';
import type { CallError, CallRequest, InstanceView } from './ports.ts';
import type { RemotePlace } from './remote-place.ts';

/** Where `call` is carried out; null: here. Ends the call where the one who is asked knows of no such place. */
export function remoteOf(parts: GatewayParts, { instance }: Call): RemotePlace | null {
  if (!isPlaced(instance)) return null;
  if (parts.remote !== null) return parts.remote;
  throw endedBy({ code: 'placement_unavailable', retryable: false, message: `${instance.name} is reached by the agents of the pool ${instance.pool?.name ?? ''} only, and there are none to be asked from here.` });
}

export function isPlaced({ pool = null }: InstanceView): boolean {
  return pool !== null;
}

/** Why a step that is to run in a pool may not go to `instance`; null where it may. */
export function placementProblem({ pool, action }: CallRequest, instance: InstanceView): CallError | null {
  if (pool === undefined || instance.pool?.name === pool) return null;
  const where = isPlaced(instance) ? `is of the pool ${instance.pool?.name ?? ''}` : 'is reached from the cell itself';
  return { code: 'placement_mismatch', retryable: false, message: `The step places ${action} with agent:${pool}, and the instance ${instance.name} ${where}. Name an instance of that pool, or change the placement.` };
}

/**
 * `call` with the time that it may take there. An order may begin until its own time is over, and then takes what the action takes: before that, that
 * nothing is to be seen proves nothing.
 */
export function withTimeThere(call: Call): Call {
  const { pool = null } = call.instance;
  return pool === null ? call : { ...call, manifest: { ...call.manifest, timeout_ms: pool.orderValidMs + call.manifest.timeout_ms } };
}
