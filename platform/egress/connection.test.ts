import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { ConnectionOptions, ProxyOptions } from './connection-settings.ts';
import { createEgress } from './egress.ts';
import type { EgressOptions, GuardedEgress } from './egress.ts';
import { EgressError } from './errors.ts';
import { createTestAuthority } from './testing/certificates.ts';
import { startTestProxy } from './testing/connect-proxy.ts';
import type { TestProxyOptions } from './testing/connect-proxy.ts';

const ours = createTestAuthority('ours');
const theirs = createTestAuthority('theirs');
const serverCertificate = ours.issue('service.test', { use: 'serverAuth', altNames: 'DNS:service.test,DNS:other.test,IP:127.0.0.1' });
const client = ours.issue('client', { use: 'clientAuth' });
const stranger = theirs.issue('stranger', { use: 'clientAuth' });
const closing: Array<() => unknown> = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => {
  ours.remove();
  theirs.remove();
});

/** Answers with the common name of the client certificate it was shown. */
async function secureServer(options: ServerOptions = {}, redirect?: string): Promise<HttpsServer> {
  const server = createHttpsServer({ cert: serverCertificate.certificatePem, key: serverCertificate.privateKeyPem, ...options }, (request, response) => {
    if (redirect !== undefined) return void response.writeHead(302, { location: redirect }).end();
    response.end(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'));
  });
  return listening(server);
}

async function listening<S extends Server>(server: S): Promise<S> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const write = { method: 'POST', path: '/x', body: Buffer.from('{}') } as const;
const read = { method: 'GET', path: '/x' } as const;

/** To `service.test`, which is 127.0.0.1 here. */
function egress(port: number, connection: ConnectionOptions = {}, options: Partial<EgressOptions> = {}): GuardedEgress {
  const made = createEgress({ baseUrl: `https://service.test:${port}`, allowedHosts: [`service.test:${port}`], resolver: async () => ['127.0.0.1'], connection, ...options });
  closing.push(() => made.close());
  return made;
}

const text = async (made: GuardedEgress, request: typeof read | typeof write = read): Promise<string> => Buffer.from((await made.request(request)).body).toString();

async function failureOf(attempt: () => Promise<unknown>): Promise<EgressError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof EgressError) return error;
    throw error;
  }
  throw new TypeError('it went out');
}

describe('TLS', () => {
  test('a certificate of the instance\'s own authority is accepted with that authority only', async () => {
    const port = portOf(await secureServer());
    expect(await text(egress(port, { caPem: ours.caPem }))).toBe('nobody');
    for (const connection of [{}, { caPem: theirs.caPem }]) expect(await failureOf(() => egress(port, connection).request(write))).toMatchObject({ code: 'tls_failed', sent: false });
    expect(await text(egress(port, { caPem: `${theirs.caPem}\n${ours.caPem}` }))).toBe('nobody');
  });

  test('the certificate must be for the name that was asked for', async () => {
    const port = portOf(await secureServer());
    const at = (host: string): GuardedEgress => egress(port, { caPem: ours.caPem }, { baseUrl: `https://${host}:${port}`, allowedHosts: [`${host}:${port}`] });
    expect(await text(at('127.0.0.1'))).toBe('nobody');
    expect(await failureOf(() => at('wrong.test').request(write))).toMatchObject({ code: 'tls_failed', sent: false });
  });

  test('a client certificate is shown in the handshake; without one, or with a stranger\'s, the peer refuses', async () => {
    const port = portOf(await secureServer({ ca: ours.caPem, requestCert: true, rejectUnauthorized: true }));
    expect(await text(egress(port, { caPem: ours.caPem, clientCertificate: client }))).toBe('client');
    expect(await failureOf(() => egress(port, { caPem: ours.caPem }).request(write))).toMatchObject({ code: 'tls_failed', sent: false });
    // A wrong one this server answers by cutting the connection without a word, so nobody can know what it read.
    expect(await failureOf(() => egress(port, { caPem: ours.caPem, clientCertificate: stranger }).request(write))).toMatchObject({ code: 'connection_lost', sent: true });
  });

  test.each(['-tls1_2', '-tls1_3'])('a peer that says in TLS that it wants a certificate (openssl s_server %s) has received nothing', async (version) => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    for (const [name, pem] of Object.entries({ 'ca.pem': ours.caPem, 'server.pem': serverCertificate.certificatePem, 'server.key': serverCertificate.privateKeyPem })) writeFileSync(join(folder, name), pem);
    const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-www', version, '-Verify', '2', '-verify_return_error', '-CAfile', 'ca.pem', '-cert', 'server.pem', '-key', 'server.key'], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
    closing.push(() => server.kill('SIGKILL'));
    const port = await acceptedPort(server.stdout);
    expect(await text(egress(port, { caPem: ours.caPem, clientCertificate: client }))).toContain('s_server');
    for (const clientCertificate of [undefined, stranger]) {
      expect(await failureOf(() => egress(port, { caPem: ours.caPem, clientCertificate }).request(read))).toMatchObject({ code: 'tls_failed', sent: false });
    }
  });

  test('a redirect to another origin is not shown the client certificate', async () => {
    const elsewhere = portOf(await secureServer({ ca: ours.caPem, requestCert: true, rejectUnauthorized: false }));
    const port = portOf(await secureServer({ ca: ours.caPem, requestCert: true }, `https://other.test:${elsewhere}/`));
    const allowedHosts = [`service.test:${port}`, `other.test:${elsewhere}`];
    expect(await text(egress(port, { caPem: ours.caPem, clientCertificate: client }, { allowedHosts }))).toBe('nobody');
  });

  test('never from https to http, even where both are allowed', async () => {
    const plain = await listening(createHttpServer((_request, response) => void response.end('plain')));
    const port = portOf(await secureServer({}, `http://service.test:${portOf(plain)}/`));
    const made = egress(port, { caPem: ours.caPem }, { allowedHosts: [`service.test:${port}`, `service.test:${portOf(plain)}`] });
    expect((await failureOf(() => made.request(read))).code).toBe('redirect_not_allowed');
  });

  test.each<[string, ConnectionOptions, RegExp]>([
    ['no PEM', { caPem: 'x' }, /CA certificates hold no PEM/],
    ['a broken certificate', { caPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, /number 1, cannot be read/],
    ['another key', { clientCertificate: { certificatePem: client.certificatePem, privateKeyPem: stranger.privateKeyPem } }, /do not belong together/],
    ['no key', { clientCertificate: { certificatePem: client.certificatePem, privateKeyPem: 'x' } }, /private key cannot be read/],
    ['a proxy with a password', { proxy: { url: 'http://a:b@proxy.test:3128' } }, /credential of kind basic/],
    ['a proxy with a path', { proxy: { url: 'http://proxy.test:3128/x' } }, /host and port and nothing else/],
    ['a proxy of another protocol', { proxy: { url: 'socks5://proxy.test:1080' } }, /must be an http URL/],
  ])('settings with %s are named before anything is connected', (_name, connection, message) => {
    expect(() => egress(1, connection)).toThrow(expect.objectContaining({ code: 'connection_settings_invalid', message: expect.stringMatching(message) }));
  });

  test('a client certificate that ended is named', () => {
    const inAWeek = (): Date => new Date(Date.now() + 7 * 86_400_000);
    expect(() => egress(1, { clientCertificate: client }, { now: inAWeek })).toThrow(/ended on .*store a new one/);
  });
});

describe('a proxy', () => {
  const LOGIN = { username: 'proxy-user', password: 'p:ss' };
  const BASIC = `Basic ${Buffer.from('proxy-user:p:ss').toString('base64')}`;

  async function through(route: TestProxyOptions['route'], proxy: Partial<ProxyOptions> = {}, options: Partial<EgressOptions> = {}) {
    const started = await startTestProxy({ route });
    closing.push(() => started.close());
    return { ...started, egress: egress(443, { caPem: ours.caPem, proxy: { url: started.url, ...proxy } }, { baseUrl: 'https://service.test', allowedHosts: [], resolver: async () => ['93.184.216.34'], ...options }) };
  }

  test('is asked for the address that was checked, and TLS is with the peer behind it', async () => {
    const port = portOf(await secureServer());
    const { egress: made, asked } = await through(() => ({ port }));
    expect(await text(made)).toBe('nobody');
    expect(await text(made, write)).toBe('nobody');
    expect(asked).toEqual([{ authority: '93.184.216.34:443', authorization: undefined }, { authority: '93.184.216.34:443', authorization: undefined }]);
    const wrong = await through(() => ({ port }), {}, { baseUrl: 'https://wrong.test' });
    expect(await failureOf(() => wrong.egress.request(write))).toMatchObject({ code: 'tls_failed', sent: false });
  });

  test('carries plain http and IPv6 as well', async () => {
    const plain = await listening(createHttpServer((request, response) => void response.end(request.headers.host)));
    const { egress: made, asked } = await through(() => ({ port: portOf(plain) }), {}, { baseUrl: 'http://service.test', resolver: async () => ['2606:4700::1111'] });
    expect(await text(made)).toBe('service.test');
    expect(asked).toEqual([{ authority: '[2606:4700::1111]:80', authorization: undefined }]);
  });

  test('is not asked for internal and metadata addresses', async () => {
    for (const [host, addresses, allowedHosts] of [
      ['service.test', ['10.0.0.1'], []], ['service.test', ['93.184.216.34', '127.0.0.1'], []], ['127.0.0.1', [], []], ['[::ffff:10.0.0.1]', [], []],
      ['service.test', ['169.254.169.254'], ['service.test:443']], ['169.254.169.254', [], ['169.254.169.254:443']],
    ] as const) {
      const { egress: made, asked } = await through(() => ({ port: 1 }), {}, { baseUrl: `https://${host}`, allowedHosts, resolver: async () => addresses });
      expect([host, (await failureOf(() => made.request(write))).code, asked]).toEqual([host, 'address_not_allowed', []]);
    }
  });

  test('that resolves names itself is asked for the name, and for none that can only lead inside', async () => {
    const port = portOf(await secureServer());
    const resolver = async (): Promise<string[]> => { throw new TypeError('no DNS here'); };
    const { egress: made, asked } = await through(() => ({ port }), { resolvesNames: true }, { resolver });
    expect(await text(made)).toBe('nobody');
    expect(asked.map(({ authority }) => authority)).toEqual(['service.test:443']);
    for (const host of ['metadata.google.internal', 'metadata', 'METADATA.google.internal.', 'instance-data', 'localhost', 'db.internal', 'printer.local', 'intranet', '127.0.0.1', '169.254.169.254', '[fd00:ec2::254]', '2852039166']) {
      const inside = await through(() => ({ port }), { resolvesNames: true }, { resolver, baseUrl: `https://${host}` });
      expect([host, (await failureOf(() => inside.egress.request(write))).code, inside.asked]).toEqual([host, 'address_not_allowed', []]);
    }
    const named = await through(() => ({ status: 403 }), { resolvesNames: true }, { resolver, baseUrl: 'https://db.internal', allowedHosts: ['db.internal:443'] });
    expect((await failureOf(() => named.egress.request(write))).code).toBe('proxy_refused');
    const metadata = await through(() => ({ port }), { resolvesNames: true }, { resolver, baseUrl: 'http://metadata.google.internal', allowedHosts: ['metadata.google.internal:80'] });
    expect((await failureOf(() => metadata.egress.request(write))).code).toBe('address_not_allowed');
  });

  test('gets its own credential, and the peer never sees it', async () => {
    const seen: unknown[] = [];
    const plain = await listening(createHttpServer((request, response) => { seen.push(request.headers['proxy-authorization']); response.end('ok'); }));
    const route: TestProxyOptions['route'] = (_authority, authorization) => (authorization === BASIC ? { port: portOf(plain) } : { status: 407 });
    const { egress: made, asked } = await through(route, { credential: LOGIN }, { baseUrl: 'http://service.test' });
    expect(await text(made)).toBe('ok');
    expect([asked[0]?.authorization, seen]).toEqual([BASIC, [undefined]]);
    for (const [credential, message] of [[undefined, /wants a credential/], [{ ...LOGIN, password: 'wrong' }, /did not take the credential/]] as const) {
      const failure = await failureOf(async () => (await through(route, { credential }, { baseUrl: 'http://service.test' })).egress.request(write));
      expect(failure).toMatchObject({ code: 'proxy_refused', sent: false, message: expect.stringMatching(message) });
    }
  });

  test.each<[string, number, string]>([['refuses', 403, 'proxy_refused'], ['cannot reach the peer', 502, 'connect_failed'], ['sends elsewhere', 302, 'proxy_refused']])('that %s: nothing was sent', async (_name, status, code) => {
    const { egress: made } = await through(() => ({ status }));
    expect(await failureOf(() => made.request(write))).toMatchObject({ code, sent: false });
  });

  test('that is none, is not there, hangs or says too much: nothing was sent', async () => {
    const says = async (answer: string | null): Promise<string> => `http://127.0.0.1:${portOf(await listening(createTcpServer((socket) => socket.once('data', () => answer !== null && socket.write(answer)))))}`;
    for (const url of [await says('SSH-2.0-OpenSSH_9.9\r\n\r\n'), await says(null), await says(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(40_000)}`), await says('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'), 'http://127.0.0.1:1']) {
      const made = egress(443, { proxy: { url } }, { baseUrl: 'https://service.test', allowedHosts: [], resolver: async () => ['93.184.216.34'], limits: { connect_timeout_ms: 300 } });
      expect([url, await failureOf(() => made.request(write))]).toMatchObject([url, { code: 'connect_failed', sent: false }]);
    }
  });

  test('may be inside, but not at a metadata address', async () => {
    const made = egress(443, { proxy: { url: 'http://169.254.169.254:80' } }, { baseUrl: 'https://service.test', allowedHosts: [], resolver: async () => ['93.184.216.34'] });
    expect((await failureOf(() => made.request(write))).code).toBe('address_not_allowed');
    const closed = egress(443, { proxy: { url: 'http://127.0.0.1:3128' } }, { baseUrl: 'https://service.test', allowedHosts: [], resolver: async () => ['93.184.216.34'], internalHosts: [] });
    expect((await failureOf(() => closed.request(write))).code).toBe('address_not_allowed');
  });

  test('bounds and redirects hold through it', async () => {
    const bodies: Record<string, (response: import('node:http').ServerResponse) => void> = {
      '/large': (response) => void response.end(Buffer.alloc(2_000_000)),
      '/bomb': (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000))),
      '/headers': (response) => void response.writeHead(200, { 'x-large': 'x'.repeat(40_000) }).end(),
      '/hang': () => {},
      '/elsewhere': (response) => void response.writeHead(302, { location: 'http://inside.test/' }).end(),
    };
    const plain = await listening(createHttpServer((request, response) => bodies[request.url ?? '']?.(response)));
    const resolver = async (name: string): Promise<string[]> => (name === 'inside.test' ? ['169.254.169.254'] : ['93.184.216.34']);
    const limits = { response_bytes: 1_000_000, decompressed_bytes: 1_000_000, total_timeout_ms: 400 };
    const { egress: made, asked } = await through(() => ({ port: portOf(plain) }), {}, { baseUrl: 'http://service.test', allowedHosts: ['service.test:80', 'inside.test:80'], resolver, limits });
    const codes: string[] = [];
    for (const path of Object.keys(bodies)) codes.push((await failureOf(() => made.request({ method: 'GET', path }))).code);
    expect(codes).toEqual(['response_too_large', 'response_too_large', 'response_too_large', 'timeout', 'address_not_allowed']);
    expect(new Set(asked.map(({ authority }) => authority))).toEqual(new Set(['93.184.216.34:80']));
  });

  test('of the environment is never used', async () => {
    const trap = await startTestProxy({ route: () => ({ status: 502 }) });
    closing.push(() => trap.close());
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']) vi.stubEnv(name, trap.url);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    vi.stubEnv('SSL_CERT_FILE', join(tmpdir(), 'none.pem'));
    const port = portOf(await secureServer());
    expect(await text(egress(port, { caPem: ours.caPem }))).toBe('nobody');
    expect(trap.asked).toEqual([]);
  });
});

test('retired, it takes no more requests and lets those under way finish', async () => {
  let answer = (): void => {};
  const plain = await listening(createHttpServer((_request, response) => { answer = () => void response.end('late'); }));
  const port = portOf(plain);
  const made = egress(port, {}, { baseUrl: `http://service.test:${port}` });
  const underWay = text(made);
  await once(plain, 'request');
  const retired = made.retire();
  expect(await failureOf(() => made.request(read))).toMatchObject({ sent: false });
  answer();
  expect(await underWay).toBe('late');
  await retired;
});

async function acceptedPort(stdout: NodeJS.ReadableStream): Promise<number> {
  let said = '';
  for await (const chunk of stdout) {
    said += String(chunk);
    const port = /ACCEPT \S*?:(\d+)/.exec(said)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new TypeError(`openssl s_server did not start: ${said}`);
}
