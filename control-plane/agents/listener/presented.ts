import type { X509Certificate } from 'node:crypto';
import { readSpiffeId } from '@countersign/contracts/agent/spiffe-id.ts';
import type { AgentName } from '@countersign/contracts/agent/spiffe-id.ts';

/** What the other end of a connection has shown for itself: a certificate of our authority for an agent, or why it is none. */
export type Presented =
  | { readonly kind: 'agent'; readonly name: AgentName; readonly serial: string; readonly endsAt: Date }
  | { readonly kind: 'none' | 'expired' | 'invalid' };

/** Of a TLS socket: what OpenSSL says of the other end. */
export interface PeerFacts {
  readonly authorized: boolean;
  readonly authorizationError: unknown;
  getPeerX509Certificate(): X509Certificate | undefined;
}

/** OpenSSL has checked the chain, the key's proof and that the certificate is one for clients; what it is worth from here on is asked for each request. */
export function presentedOn(socket: PeerFacts): Presented {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'none' };
  if (!socket.authorized) return { kind: String(socket.authorizationError) === 'CERT_HAS_EXPIRED' ? 'expired' : 'invalid' };
  const name = nameOf(certificate);
  return name === null ? { kind: 'invalid' } : { kind: 'agent', name, serial: certificate.serialNumber.toLowerCase(), endsAt: certificate.validToDate };
}

/** The SPIFFE id must be the only name. */
function nameOf({ subjectAltName = '' }: X509Certificate): AgentName | null {
  return subjectAltName.startsWith('URI:') ? readSpiffeId(subjectAltName.slice('URI:'.length)) : null;
}
