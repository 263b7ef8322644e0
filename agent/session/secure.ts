import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions, DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { dial } from './dial.ts';
import type { SessionProxy } from './dial.ts';
import { SessionError } from './errors.ts';

/** What the agent shows for itself. */
export interface ClientIdentity {
  readonly certificate_pem: string;
  readonly private_key_pem: string;
}

const HANDSHAKE_MS = 10_000;

/**
 * TLS 1.3 with the cell, whose certificate must be of its own authority: of no other, whatever this machine trusts.
 * @throws SessionError `cell_untrusted`, `cell_unreachable`
 */
export function secure(socket: Socket, url: URL, ca_pem: string, identity: ClientIdentity | null): Promise<TLSSocket> {
  return handshake(socket, url, {
    ca: ca_pem, ALPNProtocols: ['h2'], ...(identity === null ? {} : { cert: identity.certificate_pem, key: identity.private_key_pem }),
  });
}

/**
 * The authority of what answers at `url`, if it is the one whose digest the enrolment token names. Nothing is said on this connection: whoever it is
 * learns no more than that somebody came.
 *
 * @returns PEM
 * @throws SessionError `cell_untrusted`, `cell_unreachable`
 */
export async function pinnedAuthority(url: URL, ca_sha256: string, proxy: SessionProxy | null): Promise<string> {
  const socket = await handshake(await dial(url, proxy), url, { rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  try {
    const found = chainOf(socket.getPeerCertificate(true)).find(({ fingerprint256 }) => fingerprint256.replaceAll(':', '').toLowerCase() === ca_sha256);
    if (found === undefined) throw new SessionError('cell_untrusted', `What answers at ${url.host} is not the cell that the token is of, or something on the way takes its place (a proxy that opens TLS). Nothing was sent to it.`);
    return new X509Certificate(found.raw).toString();
  } finally {
    socket.destroy();
  }
}

function handshake(socket: Socket, url: URL, options: ConnectionOptions): Promise<TLSSocket> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const tls = connect({ socket, minVersion: 'TLSv1.3', host, ...(isIP(host) === 0 ? { servername: host } : {}), ...options });
    const failed = (error: SessionError): void => {
      clearTimeout(timer);
      tls.destroy();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => failed(new SessionError('cell_unreachable', `${url.host} did not answer the TLS handshake within ${HANDSHAKE_MS} ms.`)), HANDSHAKE_MS);
    tls.once('error', (cause: NodeJS.ErrnoException) => failed(refused(url, cause)));
    tls.once('secureConnect', () => {
      if (tls.alpnProtocol !== 'h2') return failed(new SessionError('cell_untrusted', `What answers at ${url.host} does not speak HTTP/2, so it is not the agent port of a cell.`));
      clearTimeout(timer);
      tls.removeAllListeners('error');
      resolve(tls);
    });
  });
}

function refused(url: URL, cause: NodeJS.ErrnoException): SessionError {
  const isNetwork = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(cause.code ?? '');
  if (isNetwork) return new SessionError('cell_unreachable', `The connection to ${url.host} broke off in the TLS handshake (${cause.code!}).`, { cause });
  return new SessionError('cell_untrusted', `What answers at ${url.host} is not the cell of this agent (${cause.code ?? cause.message}).`, { cause });
}

/** From the leaf to the authority, which names itself as its issuer. */
function chainOf(leaf: DetailedPeerCertificate): readonly DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.raw !== undefined && !chain.some(({ fingerprint256 }) => fingerprint256 === at!.fingerprint256); at = at.issuerCertificate) chain.push(at);
  return chain;
}
