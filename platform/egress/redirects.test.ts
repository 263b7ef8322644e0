import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEgress } from './egress.ts';
import type { EgressOptions, GuardedEgress } from './egress.ts';
import { EgressError } from './errors.ts';

/** Two peers, told apart by their ports, that both count what reaches them. */
interface Peer {
  readonly server: Server;
  readonly port: number;
  readonly requests: Array<{ url: string; headers: IncomingMessage['headers'] }>;
  respond: RequestListener;
}
let one: Peer;
let two: Peer;
const open: GuardedEgress[] = [];

beforeEach(async () => {
  [one, two] = await Promise.all([listen(), listen()]);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((egress) => egress.close()));
  for (const { server } of [one, two]) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(): Promise<Peer> {
  const server = createServer((request, response) => {
    peer.requests.push({ url: request.url ?? '', headers: request.headers });
    peer.respond(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer: Peer = { server, port: (server.address() as AddressInfo).port, requests: [], respond: (_request, response) => void response.end('ok') };
  return peer;
}

function egress(options: Partial<EgressOptions> = {}): GuardedEgress {
  const made = createEgress({ baseUrl: `http://one.test:${one.port}/api`, allowedHosts: [`one.test:${one.port}`], resolver: async () => ['127.0.0.1'], ...options });
  open.push(made);
  return made;
}

/** What `/api/start` answers; everything else is 200. */
function redirects(location: string | readonly string[] | undefined, status = 302): void {
  one.respond = (request, response) => {
    if (request.url !== '/api/start') return void response.end('ok');
    response.writeHead(status, location === undefined ? {} : { location: location as string }).end();
  };
}

const start = (client: GuardedEgress) => client.request({ method: 'GET', path: '/start', headers: { accept: 'text/plain', 'x-own': '1', cookie: 'a=b' }, credentialHeaders: { authorization: 'Bearer secret', 'x-api-key': 'secret' } });
const outcome = (client: GuardedEgress): Promise<string> => start(client).then(({ status }) => String(status), (error: unknown) => (error instanceof EgressError ? error.code : String(error)));
const both = (): string[] => [`one.test:${one.port}`, `two.test:${two.port}`];

test.each([301, 302, 303, 307, 308])('a read follows a %i on its own origin, credential and all', async (status) => {
  redirects('/api/end?x=1#fragment', status);
  expect((await start(egress())).status).toBe(200);
  expect(one.requests.map(({ url }) => url)).toEqual(['/api/start', '/api/end?x=1']);
  expect(one.requests[1]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-api-key': 'secret', 'x-own': '1' });
});

test('to another origin that is allowed go no credential, no cookie and nothing of the connector\'s own', async () => {
  redirects(`http://two.test:${two.port}/download?signature=1`);
  expect((await start(egress({ allowedHosts: both() }))).status).toBe(200);
  expect(two.requests.map(({ url }) => url)).toEqual(['/download?signature=1']);
  expect(two.requests[0]?.headers).toEqual({ accept: 'text/plain', 'accept-encoding': 'gzip', connection: 'keep-alive', host: `two.test:${two.port}` });
});

test('what was lost on the way stays lost when the chain comes back', async () => {
  redirects(`http://two.test:${two.port}/back`);
  two.respond = (_request, response) => void response.writeHead(302, { location: `http://one.test:${one.port}/api/end` }).end();
  expect((await start(egress({ allowedHosts: both() }))).status).toBe(200);
  expect(one.requests[1]?.headers.authorization).toBeUndefined();
  expect(one.requests[1]?.headers['x-api-key']).toBeUndefined();
});

test('to what the instance does not name nothing goes', async () => {
  for (const [location, allowedHosts] of [
    [`http://two.test:${two.port}/`, [`one.test:${one.port}`]],
    [`//two.test:${two.port}/`, [`one.test:${one.port}`]],
    [`http://one.test:${two.port}/`, [`one.test:${one.port}`]],
    [`http://two.test:${two.port}/other`, [`one.test:${one.port}`, `two.test:${two.port}/only/this`]],
    [`http://two.test:${two.port}/only/../other`, [`one.test:${one.port}`, `two.test:${two.port}/only`]],
    [`http://127.0.0.1:${two.port}/`, [`one.test:${one.port}`]],
  ] as const) {
    redirects(location);
    expect([location, await outcome(egress({ allowedHosts }))]).toEqual([location, 'redirect_not_allowed']);
  }
  expect(two.requests).toEqual([]);
});

test('without allowed hosts a chain stays under the base URL', async () => {
  const resolver = async (): Promise<string[]> => ['127.0.0.1'];
  // Nobody names the host, so its loopback address is refused before any redirect.
  redirects('/api/end');
  expect(await outcome(egress({ allowedHosts: [], resolver }))).toBe('address_not_allowed');
  redirects('/elsewhere');
  expect(await outcome(egress({ allowedHosts: [`one.test:${one.port}/api`], resolver }))).toBe('redirect_not_allowed');
});

test.each([
  'file:///etc/passwd', 'ftp://one.test/', 'gopher://one.test:70/_x', 'javascript:1', 'data:text/plain,x', 'http://user:pass@one.test/', 'http://', '\\\\two.test\\x', '/api/a%2fb', '/api//b', '/api/..;/x', '/api/ end',
  'http://one.test:99999/', '', undefined,
])('a redirect to %j is refused', async (location) => {
  redirects(location);
  expect(await outcome(egress())).toBe('redirect_not_allowed');
  expect(one.requests).toHaveLength(1);
});

test('two places in one answer, and statuses that are no redirect to follow, are refused', async () => {
  redirects(['/api/a', '/api/b']);
  expect(await outcome(egress())).toBe('redirect_not_allowed');
  for (const status of [300, 305, 306, 310]) {
    redirects('/api/end', status);
    expect([status, await outcome(egress())]).toEqual([status, 'redirect_not_allowed']);
  }
  redirects(undefined, 304);
  expect(await outcome(egress())).toBe('304');
});

test('circles end at once, and a chain at five', async () => {
  redirects('/api/start');
  expect(await outcome(egress())).toBe('redirect_not_allowed');
  expect(one.requests).toHaveLength(1);
  const hops = (count: number): RequestListener => (request, response) => {
    const at = Number(/\d+$/.exec(request.url ?? '')?.[0] ?? 0);
    if (at === count) response.end('there');
    else response.writeHead(307, { location: `/api/${at + 1}` }).end();
  };
  one.respond = hops(5);
  expect(await outcome(egress())).toBe('200');
  one.requests.length = 0;
  one.respond = hops(6);
  expect(await outcome(egress())).toBe('redirect_not_allowed');
  expect(one.requests).toHaveLength(6);
});

test('each hop meets the address guard anew', async () => {
  const resolver = async (hostname: string): Promise<string[]> => (hostname === 'two.test' ? ['169.254.169.254'] : ['127.0.0.1']);
  redirects(`http://two.test:${two.port}/`);
  await expect(start(egress({ allowedHosts: both(), resolver }))).rejects.toMatchObject({ code: 'address_not_allowed', sent: true });
});

test('bounds hold at the end of a chain', async () => {
  const chained = (body: RequestListener): void => {
    one.respond = (request, response) => (request.url === '/api/start' ? void response.writeHead(302, { location: '/api/end' }).end() : body(request, response));
  };
  chained((_request, response) => void response.end(Buffer.alloc(2_000_000)));
  expect(await outcome(egress({ limits: { response_bytes: 1_000_000 } }))).toBe('response_too_large');
  chained((_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000))));
  expect(await outcome(egress({ limits: { decompressed_bytes: 1_000_000 } }))).toBe('response_too_large');
  chained((_request, response) => void response.writeHead(200, { 'x-large': 'x'.repeat(40_000) }).end());
  expect(await outcome(egress())).toBe('response_too_large');
  // A chain does not start the time anew: each hop alone would be quick enough.
  let at = 0;
  one.respond = (_request, response) => void setTimeout(() => response.writeHead(302, { location: `/api/${at += 1}` }).end(), 150);
  expect(await outcome(egress({ limits: { total_timeout_ms: 400 } }))).toBe('timeout');
  expect(at).toBeLessThan(5);
});
