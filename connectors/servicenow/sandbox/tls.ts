/** The sandbox over TLS, and whom a client certificate stands for. */
import { constants } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { SandboxCertificates } from './certificates.ts';

/** `required`: no handshake without one. `optional`: one that is shown counts if it is good, as where certificate sign-on stands beside others. */
export type ClientCertificates = 'required' | 'optional';

export function tlsServer({ caPem, server }: SandboxCertificates, clientCertificates: ClientCertificates): Server {
  return createServer({
    cert: server.certificatePem, key: server.privateKeyPem, ca: caPem, requestCert: true, rejectUnauthorized: clientCertificates === 'required',
    // A resumed session is not checked again: Node takes an expired certificate on it.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
}

/** The user that the connection's certificate names: its common name, where our authority signed it and it has not ended. */
export function certificateUser(message: IncomingMessage, now: Date): string | undefined {
  const { socket } = message;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject, valid_to } = socket.getPeerCertificate();
  const name: unknown = subject?.CN;
  return typeof name === 'string' && new Date(valid_to) > now ? name : undefined;
}
