import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEgress } from './egress.ts';
import type { EgressOptions, GuardedEgress } from './egress.ts';
import { EgressError } from './errors.ts';
import type { GuardedRequest } from './request-check.ts';

/** A listener on every loopback address, which counts the connections that reach it. */
let server: Server;
let port: number;
let connections: number;
let requests: Array<{ method: string; url: string; headers: IncomingMessage['headers'] }>;
let respond: RequestListener;
const open: GuardedEgress[] = [];
const others: TcpServer[] = [];

beforeEach(async () => {
  connections = 0;
  requests = [];
  respond = (_request, response) => void response.end('{"ok":true}');
  server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    respond(request, response);
  });
  server.on('connection', () => (connections += 1));
  server.listen({ port: 0, host: '::', ipv6Only: false });
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((egress) => egress.close()));
  server.closeAllConnections();
  server.close();
  for (const other of others.splice(0)) other.close();
});

function egress(options: Partial<EgressOptions> & { baseUrl: string }): GuardedEgress {
  const made = createEgress({ allowedHosts: [], ...options });
  open.push(made);
  return made;
}

/** To the listener, which the instance names. */
const named = (options: Partial<EgressOptions> = {}) => egress({ baseUrl: `http://127.0.0.1:${port}/api`, allowedHosts: [`127.0.0.1:${port}`], ...options });
const get = (path = '/x', changes: Partial<GuardedRequest> = {}): GuardedRequest => ({ method: 'GET', path, ...changes });

async function failureOf(attempt: () => Promise<unknown>): Promise<EgressError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof EgressError) return error;
    throw error;
  }
  throw new TypeError('it went out');
}

describe('addresses in any spelling', () => {
  const LOCALHOST = [
    '127.0.0.1', '127.0.0.2', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0x7f.0.0.1', '0X7F.0X0.0X0.0X1', '017700000001', '0177.0.0.1', '0177.1', '127.0.0.1.', '2130706433.',
    '0', '0.0.0.0', '0x0', '00', '0.0', '127.000.000.001', '127.0x0.0.1', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:7f00:0001]',
    '[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[::7f00:1]', '[64:ff9b::7f00:1]', '[64:ff9b::127.0.0.1]', '[2002:7f00:1::]',
    '１２７．０．０．１', '127。0。0。1', '127．0．0．1', '127｡0｡0｡1', '①②⑦.0.0.1', '⓪', '0x7F.0.0.0x1', '%31%32%37.0.0.1', '127.0.0.%31', '0x7f%2e1',
    'localhost', 'LOCALHOST', 'localhost.', 'LocalHost.', 'ｌｏｃａｌｈｏｓｔ', 'loc%61lhost',
    '169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '[::ffff:169.254.169.254]', '[fd00:ec2::254]', '168.63.129.16', '100.100.100.200', '192.0.0.192',
    '10.0.0.1', '192.168.0.1', '172.16.0.1', '100.64.0.1', '169.254.1.1', '[fe80::1]', '[fc00::1]', '[fd12::1]',
  ];

  test(`at least 60 spellings, none of which gets a connection (${LOCALHOST.length})`, async () => {
    expect(LOCALHOST.length).toBeGreaterThanOrEqual(60);
    for (const host of LOCALHOST) {
      const { code, sent } = await failureOf(() => egress({ baseUrl: `http://${host}:${port}/` }).request(get()));
      // Some resolvers do not know `localhost` with its final dot.
      const refusals = host.toLowerCase() === 'localhost.' ? ['address_not_allowed', 'name_not_resolved'] : ['address_not_allowed'];
      expect([host, refusals.includes(code) ? 'refused' : code, sent]).toEqual([host, 'refused', false]);
    }
    expect(connections).toBe(0);
  });

  test.each(['http://127.0.0.1@example.test/', 'http://user:secret@example.test/', 'ftp://example.test/', 'file:///etc/passwd', 'http://', '127.0.0.1', 'http://example.test/?a=1', 'http://example.test/#x', 'javascript:1', 'http://exa mple.test', 'http://[::1', 'http://256.256.256.256/', 'http://1.2.3.4.5/'])('%s is no base URL', async (baseUrl) => {
    expect((await failureOf(async () => egress({ baseUrl }))).code).toBe('base_url_invalid');
  });

  test('a name that leads inside is refused, also when only one of its addresses does', async () => {
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['::ffff:10.0.0.1'], ['169.254.169.254'], ['64:ff9b::7f00:1']]) {
      const { code } = await failureOf(() => egress({ baseUrl: `http://service.test:${port}/`, resolver: async () => addresses }).request(get()));
      expect([addresses, code]).toEqual([addresses, 'address_not_allowed']);
    }
    expect(connections).toBe(0);
  });

  test('a name is resolved once per connection, so that an answer that changes is never used unchecked', async () => {
    let asked = 0;
    const rebinding = async () => (asked++ % 2 === 0 ? ['192.0.2.1'] : ['127.0.0.1']);
    for (let time = 0; time < 20; time += 1) {
      expect((await failureOf(() => egress({ baseUrl: `http://service.test:${port}/`, resolver: rebinding }).request(get()))).code).toBe('address_not_allowed');
    }
    expect([asked, connections]).toEqual([20, 0]);
  });

  test.each(['127.0.0.1', '10.1.2.3', '::1'])('a name that was public and then leads to %s is refused where no host is named, for reads and for writes', async (inside) => {
    const answers = [['93.184.216.34', inside]];
    const made = egress({ baseUrl: `http://service.test:${port}/`, resolver: async () => answers.shift() ?? [inside] });
    for (const method of ['GET', 'POST', 'GET'] as const) expect((await failureOf(() => made.request(get('/x', { method })))).code).toBe('address_not_allowed');
    expect(connections).toBe(0);
  });

  test('naming a host opens its internal addresses, and never those of metadata', async () => {
    const resolver = async () => ['127.0.0.1'];
    expect((await egress({ baseUrl: `http://service.test:${port}/`, allowedHosts: [`service.test:${port}`], resolver }).request(get())).status).toBe(200);
    for (const address of ['169.254.169.254', '168.63.129.16', 'fd00:ec2::254', '::ffff:169.254.169.254', '2002:a9fe:a9fe::']) {
      const { code } = await failureOf(() => egress({ baseUrl: `http://service.test:${port}/`, allowedHosts: [`service.test:${port}`], resolver: async () => [address] }).request(get()));
      expect([address, code]).toEqual([address, 'address_not_allowed']);
    }
  });

  test('allowed hosts are host and port: another port or name is another host', async () => {
    for (const allowedHosts of [[`127.0.0.1:${port + 1}`], ['127.0.0.1'], [`127.0.0.2:${port}`], [`evil.test:${port}`], [`127.0.0.1:${port}/path`], [`x@127.0.0.1:${port}`]]) {
      expect([allowedHosts, (await failureOf(async () => named({ allowedHosts }))).code]).toEqual([allowedHosts, 'host_not_allowed']);
    }
    expect((await named({ allowedHosts: ['elsewhere.test:443', `2130706433:${port}`] }).request(get())).status).toBe(200);
  });

  test('where the operator says what may be reached inside, naming it is not enough', async () => {
    for (const internalHosts of [[], ['10.0.0.1:443'], [`127.0.0.1:${port + 1}`], ['service.test:443']]) {
      expect(await failureOf(() => named({ internalHosts }).request(get()))).toMatchObject({ code: 'address_not_allowed', sent: false, message: expect.stringContaining('whoever operates this cell') as string });
    }
    expect((await named({ internalHosts: [`127.0.0.1:${port}`] }).request(get())).status).toBe(200);
  });

  test('the next address is tried when one does not answer', async () => {
    const client = egress({ baseUrl: `http://service.test:${port}/`, allowedHosts: [`service.test:${port}`], resolver: async () => ['127.255.255.255', '127.0.0.1'] });
    expect((await client.request(get())).status).toBe(200);
  });
});

describe('requests', () => {
  test('go under the base path, with their query encoded', async () => {
    await named().request(get('/table/incident', { query: { sysparm_query: 'a=b^c&d#e', limit: '1' } }));
    expect(requests[0]?.url).toBe('/api/table/incident?sysparm_query=a%3Db%5Ec%26d%23e&limit=1');
  });

  test.each(['', 'x', '//evil.test/', '/\\evil.test', '\\\\evil.test', '/../admin', '/a/../../admin', '/a/..', '/./a', '/%2e%2e/admin', '/%2E./admin', '/.%2e/admin', '/a%2fb', '/a%5cb', '/a%00b', '/a b', '/a\nb', '/a?b=1', '/a#b', 'http://evil.test/', '/http://evil.test\u0000', '/ü', '/%', '/%zz', '/a//../..', '/a//b', '/a/..;/admin', '/a/..;x=1/admin', '/a/%252e%252e/admin', '/a%252fb', '/a%25252fb'])('the path %j is refused', async (path) => {
    expect(await failureOf(() => named().request(get(path)))).toMatchObject({ code: 'request_invalid', sent: false });
    expect(connections).toBe(0);
  });

  test.each([
    { 'x-a': 'b\r\nx-injected: 1' }, { 'x-a': 'b\nc' }, { 'x-a': 'b\rc' }, { 'x-a': 'b\0c' }, { 'x-a': 'ü\u2028' }, { 'x-a\r\nx-b': '1' }, { 'x a': '1' }, { '': '1' }, { 'x-a:': '1' },
    { host: 'evil.test' }, { Host: 'evil.test' }, { 'content-length': '0' }, { 'transfer-encoding': 'chunked' }, { connection: 'upgrade' }, { upgrade: 'h2c' }, { expect: '100-continue' }, { 'proxy-authorization': 'x' },
  ])('the headers %j are refused', async (headers) => {
    expect(await failureOf(() => named().request(get('/x', { headers: headers as unknown as Record<string, string> })))).toMatchObject({ code: 'request_invalid', sent: false });
    expect(connections).toBe(0);
  });

  test('headers are bounded', async () => {
    for (const headers of [{ 'x-large': 'x'.repeat(40_000) }, Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, '1']))]) {
      expect(await failureOf(() => named().request(get('/x', { headers })))).toMatchObject({ code: 'request_invalid', sent: false });
    }
    expect(connections).toBe(0);
  });

  test('the environment\'s proxy is not used', async () => {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:9');
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    expect((await named().request(get())).status).toBe(200);
    vi.unstubAllEnvs();
  });

  test('a write has a connection of its own, reads share theirs', async () => {
    const client = named();
    for (let time = 0; time < 3; time += 1) await client.request({ method: 'PATCH', path: '/x', body: Buffer.from('{}') });
    expect(connections).toBe(3);
    for (let time = 0; time < 40; time += 1) await client.request(get());
    // A connection is free a moment after its answer, so the next read may open a second one.
    expect(connections).toBeLessThanOrEqual(3 + 2);
    await Promise.all(Array.from({ length: 60 }, () => client.request(get())));
    expect(connections).toBeLessThanOrEqual(3 + 16);
  });
});

describe('answers', () => {
  test.each([301, 302, 303, 307, 308])('a %i to a write is reported and not followed', async (status) => {
    respond = (_request, response) => void response.writeHead(status, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
    expect(await failureOf(() => named().request({ method: 'POST', path: '/x', credentialHeaders: { authorization: 'Bearer secret' } }))).toMatchObject({ code: 'redirect_not_allowed', sent: true });
    expect(requests).toHaveLength(1);
  });

  test('are bounded as they come and as they unpack', async () => {
    respond = (_request, response) => void response.end(Buffer.alloc(3_000_000));
    expect((await failureOf(() => named({ limits: { response_bytes: 1_000_000 } }).request(get()))).code).toBe('response_too_large');
    respond = (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000)));
    expect((await failureOf(() => named({ limits: { decompressed_bytes: 1_000_000 } }).request(get()))).code).toBe('response_too_large');
    respond = (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello'));
    expect(Buffer.from((await named().request(get())).body).toString()).toBe('hello');
    respond = (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip');
    expect((await failureOf(() => named().request(get()))).code).toBe('response_invalid');
    respond = (_request, response) => void response.writeHead(200, { 'content-encoding': 'br' }).end('x');
    expect((await failureOf(() => named().request(get()))).code).toBe('response_invalid');
    for (const headers of [{ 'x-large': 'x'.repeat(40_000) }, Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, '1']))]) {
      respond = (_request, response) => void response.writeHead(200, headers).end();
      expect((await failureOf(() => named().request(get()))).code).toBe('response_too_large');
    }
  });

  test('headers that do not come and bodies that never end run into their time limits', async () => {
    respond = () => {};
    expect(await failureOf(() => named({ limits: { header_timeout_ms: 100 } }).request(get()))).toMatchObject({ code: 'timeout', sent: true });
    expect(await failureOf(() => named({ limits: { total_timeout_ms: 100 } }).request(get()))).toMatchObject({ code: 'timeout', sent: true });
    respond = (_request, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    };
    expect(await failureOf(() => named({ limits: { total_timeout_ms: 300 } }).request(get()))).toMatchObject({ code: 'timeout', sent: true });
  });

  test('a caller that stops is told whether anything had left', async () => {
    respond = () => {};
    const stopping = new AbortController();
    const attempt = failureOf(() => named().request(get('/x', { signal: stopping.signal })));
    await once(server, 'request');
    stopping.abort();
    expect(await attempt).toMatchObject({ code: 'aborted', sent: true });
    expect(await failureOf(() => named().request(get('/x', { signal: AbortSignal.abort() })))).toMatchObject({ code: 'aborted', sent: false });
  });
});

describe('before and after sending are told apart', () => {
  async function tcpServer(onConnection: (socket: Socket) => void): Promise<number> {
    const other = createTcpServer(onConnection);
    others.push(other);
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    return (other.address() as AddressInfo).port;
  }
  const to = (where: number, changes: Partial<EgressOptions> = {}) => egress({ baseUrl: `http://127.0.0.1:${where}/`, allowedHosts: [`127.0.0.1:${where}`], ...changes });
  const write: GuardedRequest = { method: 'PATCH', path: '/x', body: Buffer.from('{"a":1}') };

  test('nobody there, a name nobody knows, no TLS: nothing was sent', async () => {
    const closed = await tcpServer(() => {});
    await new Promise((resolve) => others.pop()!.close(resolve));
    expect(await failureOf(() => to(closed).request(write))).toMatchObject({ code: 'connect_failed', sent: false });
    expect(await failureOf(() => egress({ baseUrl: 'http://nowhere.invalid/', resolver: () => Promise.reject(new TypeError('ENOTFOUND')) }).request(write))).toMatchObject({ code: 'name_not_resolved', sent: false });
    expect(await failureOf(() => egress({ baseUrl: 'http://nowhere.invalid/', resolver: async () => [] }).request(write))).toMatchObject({ code: 'name_not_resolved', sent: false });
    expect(await failureOf(() => egress({ baseUrl: `https://127.0.0.1:${port}/`, allowedHosts: [`127.0.0.1:${port}`] }).request(write))).toMatchObject({ code: 'tls_failed', sent: false });
  });

  test('cut or garbled after the request: it may have arrived', async () => {
    const cut = await tcpServer((socket) => socket.once('data', () => socket.destroy()));
    expect(await failureOf(() => to(cut).request(write))).toMatchObject({ code: 'connection_lost', sent: true });
    const half = await tcpServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')));
    expect(await failureOf(() => to(half).request(write))).toMatchObject({ code: 'connection_lost', sent: true });
    const garbled = await tcpServer((socket) => socket.once('data', () => socket.write('SSH-2.0-OpenSSH_9.9\r\n\r\n')));
    expect(await failureOf(() => to(garbled).request(write))).toMatchObject({ code: 'response_invalid', sent: true });
  });
});
