import { endedBy } from './call.ts';
import type { Call } from './call.ts';
import { requestsPerMinuteOf } from './concurrency.ts';
import type { InstanceKey } from './health/health-store.ts';
import type { GatewayParts } from './parts.ts';
import { remoteOf } from './placement.ts';

/**
 * Nothing is asked of an instance that is known to be down or has asked for silence: the call ends before anything is sent, decided or
 * asked of people, and does not count as an attempt (`engine/step-end.ts`). Of one that only agents reach, they know how it is.
 */
export async function admitToInstance(parts: GatewayParts, call: Call): Promise<void> {
  const unreached = await remoteOf(parts, call)?.admit(call) ?? null;
  if (unreached !== null) throw endedBy(unreached);
  if (call.instance.baseUrl === null) return;
  const notNow = await parts.guard.admit(healthKeyOf(call), requestsPerMinuteOf(call));
  if (notNow === null) return;
  throw endedBy({ code: notNow.code, message: `${call.instance.name}: ${notNow.message}`, retryable: true, retryAfterMs: notNow.retryAfterMs });
}

export function healthKeyOf(call: Call): InstanceKey {
  return { tenantId: call.request.identity.tenant.id, instanceId: call.instance.id };
}
