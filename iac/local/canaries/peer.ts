import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Tokens that it gives away; secrets of ours as soon as we have them. */
export interface PeerTokens {
  readonly access: string;
  readonly refreshedAccess: string;
  readonly rotatedRefresh: string;
}

/** A system of record, a stand-in on a socket, that repeats what it was sent wherever it can: in bodies, headers, redirects and things that are no JSON. */
export class EchoingPeer {
  /** Calls that it does not answer. */
  readonly hanging = new Set<ServerResponse>();
  #whenHanging: (() => void) | undefined;
  readonly #tokens: PeerTokens;
  readonly #server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => this.#answer(request, body, response));
  });

  constructor(tokens: PeerTokens) {
    this.#tokens = tokens;
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when a call hangs. */
  async untilOneHangs(): Promise<void> {
    if (this.hanging.size === 0) await new Promise<void>((resolve) => { this.#whenHanging = resolve; });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const said = `${JSON.stringify(request.rawHeaders)} ${body}`;
    const json = (status: number, value: object): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value)); };
    const path = request.url ?? '';
    if (path === '/token') {
      const isRefresh = new URLSearchParams(body).get('grant_type') === 'refresh_token';
      json(200, { access_token: isRefresh ? this.#tokens.refreshedAccess : this.#tokens.access, expires_in: 3_600, ...(isRefresh ? { refresh_token: this.#tokens.rotatedRefresh } : {}) });
    } else if (path === '/refused-token') json(400, { error: 'invalid_client', error_description: said });
    else if (path.startsWith('/things/echo-500')) json(500, { error: said });
    else if (path.startsWith('/things/echo-401')) response.writeHead(401, { 'www-authenticate': `Bearer error="${encodeURIComponent(said)}"`, 'content-type': 'application/json' }).end(JSON.stringify({ error: said }));
    else if (path.startsWith('/things/echo-422')) json(422, { message: said, errors: [{ field: said }] });
    else if (path.startsWith('/things/redirect')) response.writeHead(302, { location: `/elsewhere?said=${encodeURIComponent(said)}` }).end();
    else if (path.startsWith('/things/no-json')) response.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>${said}</h1>`);
    else if (path.startsWith('/things/other-shape')) json(200, { unexpected: said });
    else if (path.startsWith('/things/hang')) {
      this.hanging.add(response);
      this.#whenHanging?.();
    } else json(200, { id: 'T-1' });
  }
}
