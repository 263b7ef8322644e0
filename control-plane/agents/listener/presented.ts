import type { X509Certificate } from 'node:crypto';
import { readSpiffeId } from '@countersign/contracts/agent/spiffe-id.ts';
import type { AgentName } from '@countersign/contracts/agent/spiffe-id.ts';

/** What the other end of a connection has shown for itself: a certificate of our authority for an agent, or why it is none. */
export type Presented = ({ readonly kind: 'agent' | 'expired' } & PresentedName) | { readonly kind: 'none' | 'invalid' };

export interface PresentedName {
  readonly name: AgentName;
  readonly serial: string;
  readonly endsAt: Date;
}

/** Of a TLS socket: what OpenSSL says of the other end. */
export interface PeerFacts {
  readonly authorized: boolean;
  readonly authorizationError: unknown;
  getPeerX509Certificate(): X509Certificate | undefined;
}

/**
 * OpenSSL has checked the chain, the key's proof and that the certificate is one for clients; what it is worth from here on is asked for each request.
 * One that has expired still says who holds its key, and is good for nothing but to be enrolled again as the same agent.
 */
export function presentedOn(socket: PeerFacts, authority: X509Certificate): Presented {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'none' };
  // OpenSSL tells the last thing that it found wrong, so what else could be is looked at here.
  const isExpired = !socket.authorized && String(socket.authorizationError) === 'CERT_HAS_EXPIRED' && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  const name = socket.authorized || isExpired ? nameOf(certificate) : null;
  if (name === null) return { kind: 'invalid' };
  return { kind: isExpired ? 'expired' : 'agent', name, serial: certificate.serialNumber.toLowerCase(), endsAt: certificate.validToDate };
}

/** The SPIFFE id must be the only name. */
function nameOf({ subjectAltName = '' }: X509Certificate): AgentName | null {
  return subjectAltName.startsWith('URI:') ? readSpiffeId(subjectAltName.slice('URI:'.length)) : null;
}
