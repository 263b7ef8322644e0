import { constants, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { openFileAuthority } from '@countersign/platform/certificates/file-authority.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import { issueCertificate, publicKeyOfRequest } from '@countersign/platform/certificates/issue.ts';
import { certificateRequest } from '@countersign/platform/certificates/request.ts';
import type { ClientIdentity } from '../secure.ts';

const HOUR_MS = 3_600_000;

export interface TlsCellOptions {
  /** Of a cell that was there before; absent: a new one. */
  readonly authority?: CertificateAuthority;
  readonly host?: string;
  readonly port?: number;
}

/** A stand-in for the agent port of a cell: real TLS 1.3 by an authority of its own, real HTTP/2, and an answer that the test gives. */
export class TlsCell {
  readonly url: URL;
  readonly authority: CertificateAuthority;
  readonly sockets: TLSSocket[] = [];
  readonly #server: Http2SecureServer;

  private constructor(server: Http2SecureServer, authority: CertificateAuthority) {
    this.#server = server;
    this.authority = authority;
    this.url = new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
    server.on('secureConnection', (socket) => this.sockets.push(socket));
  }

  static async start(answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void, { host = 'localhost', port = 0, ...options }: TlsCellOptions = {}): Promise<TlsCell> {
    const authority = options.authority ?? await openFileAuthority(join(mkdtempSync(join(tmpdir(), 'cell-')), 'keys'), 'Cell', new Date());
    const server = createSecureServer({ ...await serverIdentity(authority), ca: authority.certificate_pem, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false, secureOptions: constants.SSL_OP_NO_TICKET }, answer);
    server.listen(port, host);
    await once(server, 'listening');
    return new TlsCell(server, authority);
  }

  /** A client certificate of this cell. */
  async identity(name = 'agt_test'): Promise<ClientIdentity> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKey = await publicKeyOfRequest(certificateRequest(privateKey, name));
    const { pem } = await issueCertificate({ name, use: 'client', publicKey, alternative_names: [{ type: 'url', value: `spiffe://cell.countersign/${name}` }], not_before: new Date(Date.now() - HOUR_MS), not_after: new Date(Date.now() + HOUR_MS) }, this.authority.name, this.authority.signer);
    return { certificate_pem: pem, private_key_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  }

  /** A server certificate of this cell, for something else that answers by `name`. */
  async serverIdentity(name: string): Promise<ClientIdentity> {
    const { cert, key } = await serverIdentity(this.authority, name);
    return { certificate_pem: cert, private_key_pem: key };
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets as Socket[]) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function serverIdentity(authority: CertificateAuthority, name = 'localhost'): Promise<{ cert: string; key: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { pem } = await issueCertificate({
    name, use: 'server', publicKey: publicKey.export({ type: 'spki', format: 'der' }), alternative_names: [{ type: 'dns', value: name }],
    not_before: new Date(Date.now() - HOUR_MS), not_after: new Date(Date.now() + HOUR_MS),
  }, authority.name, authority.signer);
  // With its authority behind it, so that an agent can compare that with what its token pins.
  return { cert: pem + authority.certificate_pem, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}
