import type { Endpoint } from './endpoint.ts';
import { EgressError } from './errors.ts';

/** Names under which clouds serve metadata. A proxy that resolves them itself would reach what we never connect to. */
const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data', 'instance-data.ec2.internal', 'metadata.azure.com', 'metadata.azure.internal',
  'metadata.tencentyun.com', 'metadata.packet.net', 'metadata.platformequinix.com', 'rancher-metadata']);
/** One label, or below a domain that is never public (RFC 6761, 6762, 8375, and what ICANN set aside for private use). */
const INSIDE = /^[^.]+$|\.(?:localhost|local|internal|intranet|private|corp|home|lan|home\.arpa)$/;

/**
 * Lets a name pass to a proxy that resolves it. Nobody here sees the address, so only the name can be judged: metadata never, a name
 * that can only lead inside when the instance names it.
 * @throws EgressError address_not_allowed
 */
export function assertNameForProxy({ hostname, port, named }: Endpoint): string {
  if (METADATA_NAMES.has(hostname)) throw refused(`${hostname} is a name of cloud metadata, which is never reached.`);
  if (INSIDE.test(hostname) && !named) throw refused(`${hostname} can only lead inside; name ${hostname}:${port} in the instance's allowed hosts if that is meant.`);
  return hostname;
}

function refused(message: string): EgressError {
  return new EgressError('address_not_allowed', message, { sent: false });
}
