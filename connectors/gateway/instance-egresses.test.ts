import { once } from 'node:events';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { EgressOptions } from '@countersign/platform/egress/egress.ts';
import { createTestAuthority } from '@countersign/platform/egress/testing/certificates.ts';
import { startTestProxy } from '@countersign/platform/egress/testing/connect-proxy.ts';
import type { ConnectorManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Call } from './call.ts';
import { createInstanceEgresses } from './instance-egresses.ts';
import type { InstanceEgresses } from './instance-egresses.ts';
import { DIRECT_CONNECTION } from './ports.ts';
import type { ConnectionSettings, CredentialValue, InstanceView } from './ports.ts';

const authority = createTestAuthority('test');
const serverCertificate = authority.issue('service.test', { use: 'serverAuth', altNames: 'IP:127.0.0.1' });
const certificateOf = (name: string): CredentialValue => ({ kind: 'client_certificate', ...authority.issue(name, { use: 'clientAuth' }) });
const first = certificateOf('first');
const second = certificateOf('second');

let server: Server;
let port: number;
let sockets: Set<Socket>;
let connections: number;
let vault: Map<string, CredentialValue>;
let made: EgressOptions[];
let egresses: InstanceEgresses;

beforeEach(async () => {
  connections = 0;
  sockets = new Set();
  made = [];
  server = createServer({ cert: serverCertificate.certificatePem, key: serverCertificate.privateKeyPem, ca: authority.caPem, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    response.end(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody'));
  });
  server.on('secureConnection', () => (connections += 1)).on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  vault = new Map([['cred_cert', first], ['cred_login', { kind: 'basic', username: 'u', password: 'p' }]]);
  const borrow = async (_tenant: string, id: string): Promise<CredentialValue> => {
    const value = vault.get(id);
    if (value === undefined) throw new TypeError(`no ${id}`);
    return value;
  };
  egresses = createInstanceEgresses((options) => {
    made.push(options);
    return createEgress(options);
  }, { borrow });
});

afterEach(async () => {
  await egresses.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});
afterAll(() => authority.remove());

/** A call, as far as a way out depends on it. */
function callTo(instance: Partial<InstanceView> & { readonly connection?: ConnectionSettings } = {}, manifest: Partial<ConnectorManifest> = {}, tenant = 'ten_1'): Call {
  return {
    request: { identity: { tenant: { id: tenant } } }, connector: { manifest: { credentials: ['none'], ...manifest } }, manifest: { risk: 'read' },
    instance: { id: 'ins_1', name: 'desk', baseUrl: `https://127.0.0.1:${port}`, allowedHosts: [`127.0.0.1:${port}`], credentialId: null, settings: {}, connection: connection(), ...instance },
  } as unknown as Call;
}

function connection(changes: Partial<ConnectionSettings> = {}): ConnectionSettings {
  return { ...DIRECT_CONNECTION, caPem: authority.caPem, ...changes };
}

const shown = async (call: Call): Promise<string> => Buffer.from((await (await egresses.of(call))!.request({ method: 'GET', path: '/' })).body).toString();
const refusal = (call: Call): Promise<unknown> => shown(call).then(() => 'sent', (error: unknown) => error);

describe('what the instance says of its connection', () => {
  test('the same instance keeps its connections', async () => {
    for (let time = 0; time < 3; time += 1) expect(await shown(callTo())).toBe('nobody');
    // A connection is free a moment after its answer, so the next read may open another one.
    expect(made.length).toBe(1);
    expect(connections).toBeLessThanOrEqual(2);
  });

  test('its client certificate comes from the vault, named by the connection or as its own credential', async () => {
    expect(await shown(callTo({ connection: connection({ clientCertificateId: 'cred_cert' }) }))).toBe('first');
    expect(await shown(callTo({ credentialId: 'cred_cert' }, { credentials: ['client_certificate'] }))).toBe('first');
    expect(await shown(callTo({ credentialId: 'cred_login' }, { credentials: ['basic', 'client_certificate'] }))).toBe('nobody');
  });

  test('a rotated certificate does not go on under the old connection', async () => {
    const call = callTo({ connection: connection({ clientCertificateId: 'cred_cert' }) });
    expect([await shown(call), await shown(call)]).toEqual(['first', 'first']);
    const [kept] = [...sockets];
    const closed = once(kept!, 'close');
    vault.set('cred_cert', second);
    expect([await shown(call), await shown(call)]).toEqual(['second', 'second']);
    await closed;
    expect(made.length).toBe(2);
  });

  test.each<[string, (changed: Partial<InstanceView>) => Partial<InstanceView>]>([
    ['base URL', () => ({ baseUrl: `https://127.0.0.1:${port}/x` })],
    ['allowed hosts', () => ({ allowedHosts: [`https://127.0.0.1:${port}`] })],
    ['authority', () => ({ connection: connection({ caPem: `${authority.caPem}\n${authority.caPem}` }) })],
    ['certificate', () => ({ connection: connection({ clientCertificateId: 'cred_cert' }) })],
    ['proxy', () => ({ connection: connection({ proxyUrl: 'http://127.0.0.1:1' }) })],
  ])('another %s is another way out', async (_what, change) => {
    const before = await egresses.of(callTo());
    expect(await egresses.of(callTo())).toBe(before);
    expect(await egresses.of(callTo(change({})))).not.toBe(before);
  });

  test('the proxy gets its credential, and only one of kind basic', async () => {
    const proxy = await startTestProxy({ route: (_authority, authorization) => (authorization === `Basic ${btoa('u:p')}` ? { port } : { status: 407 }) });
    expect(await shown(callTo({ connection: connection({ proxyUrl: proxy.url, proxyCredentialId: 'cred_login' }) }))).toBe('nobody');
    expect(proxy.asked[0]?.authority).toBe(`127.0.0.1:${port}`);
    expect(await refusal(callTo({ connection: connection({ proxyUrl: proxy.url }) }))).toMatchObject({ code: 'proxy_refused' });
    expect(await refusal(callTo({ connection: connection({ proxyUrl: proxy.url, proxyCredentialId: 'cred_cert' }) }))).toMatchObject({ code: 'credential_unusable' });
    expect(await refusal(callTo({ connection: connection({ clientCertificateId: 'cred_gone' }) }))).toMatchObject({ code: 'credential_unusable' });
    await proxy.close();
  });

  test('two tenants never share a connection', async () => {
    const [one, two] = [await egresses.of(callTo()), await egresses.of(callTo({}, {}, 'ten_2'))];
    expect(one).not.toBe(two);
  });
});

describe('what the package declares', () => {
  test('is a bound: without `hosts` only the base URL\'s host', async () => {
    const allowedHosts = [`127.0.0.1:${port}`, 'elsewhere.example:443'];
    expect(await refusal(callTo({ allowedHosts }))).toMatchObject({ code: 'host_not_allowed' });
    expect(await refusal(callTo({ allowedHosts }, { hosts: ['{instance}'] }))).toMatchObject({ code: 'host_not_allowed' });
    expect(await shown(callTo({ allowedHosts }, { hosts: ['{instance}', 'elsewhere.example'] }))).toBe('nobody');
    expect(await refusal(callTo({}, { hosts: ['api.example.com'] }))).toMatchObject({ code: 'host_not_allowed' });
  });
});
