import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

const BODY = '{"ok":true}';

/** The server that both sides call. It lives in the process that conducts the measurement. */
export async function startLocalServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': BODY.length }).end(BODY);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }),
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** How the peers' steps ask it: over kept-alive connections, as our egress does. */
export function askLocalServer(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      response.resume();
      response.once('end', resolve);
    }).once('error', reject).end();
  });
}
