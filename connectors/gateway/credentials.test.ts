import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connector } from '../sdk/connector.ts';
import { checkManifest } from '../sdk/load-manifest.ts';
import type { CredentialValue, InstanceView } from './ports.ts';
import { testIdentity } from './testing/identities.ts';
import { fixedPolicy, instanceOf, testGateway } from './testing/test-gateway.ts';
import type { TestGateway } from './testing/test-gateway.ts';

/** A peer with a token endpoint of its own: tokens end when the test says so. */
let peer: Server;
let baseUrl: string;
let tokenRequests: string[];
let presented: string[];
let ended: Set<string>;
let expires_in: unknown;
let now: Date;
const open: TestGateway[] = [];

beforeEach(async () => {
  [tokenRequests, presented, ended, expires_in, now] = [[], [], new Set(), 1_800, new Date('2026-05-05T10:00:00Z')];
  peer = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader('content-type', 'application/json');
    if (request.url === '/token') {
      tokenRequests.push(Buffer.concat(chunks).toString());
      response.end(JSON.stringify({ access_token: `token-${tokenRequests.length}`, token_type: 'Bearer', expires_in }));
      return;
    }
    const token = request.headers.authorization ?? String(request.headers['x-key'] ?? '');
    presented.push(token);
    response.statusCode = ended.has(token) ? 401 : 200;
    response.end('{}');
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  baseUrl = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ gateway }) => gateway.close()));
  peer.closeAllConnections();
  peer.close();
});

const connector: Connector = {
  ...checkManifest({
    name: 'notes', version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['basic', 'oauth_client_credentials', 'api_key'],
    actions: { read: { title: 'Read', risk: 'read', reversible: true, idempotent: true, reconcile: false, timeout_ms: 5_000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['trusted_system'], parameters: { type: 'object' }, output: { type: 'object' } } },
  }),
  actions: { read: { execute: async (context) => ({ output: { status: (await context.egress.request({ method: 'GET', path: '/read' })).status } }) } },
};

function connect(credential: CredentialValue, instance: Partial<InstanceView> = {}): () => ReturnType<TestGateway['call']> {
  const made = testGateway({
    connectors: [connector], pdp: fixedPolicy(() => ({ outcome: 'ALLOW' })), credentials: { cred_1: credential }, now: () => now,
    instances: [instanceOf(connector, { baseUrl, allowedHosts: [new URL(baseUrl).host], credentialId: 'cred_1', ...instance })],
  });
  open.push(made);
  return () => made.call(testIdentity(), 'notes/read', {});
}

const OAUTH: CredentialValue = { kind: 'oauth_client_credentials', clientId: 'id', clientSecret: 's&cret', tokenPath: '/token' };

describe('credentials', () => {
  test('basic and API key', async () => {
    expect(await connect({ kind: 'basic', username: 'user', password: 'pass:word' })()).toMatchObject({ output: { status: 200 } });
    expect(await connect({ kind: 'api_key', header: 'X-Key', value: 'the-key' })()).toMatchObject({ output: { status: 200 } });
    expect(presented).toEqual([`Basic ${Buffer.from('user:pass:word').toString('base64')}`, 'the-key']);
  });

  test('a token is fetched once, form-encoded, and kept until a minute before its end', async () => {
    const call = connect(OAUTH);
    await Promise.all([call(), call(), call()]);
    expect(tokenRequests).toEqual(['grant_type=client_credentials&client_id=id&client_secret=s%26cret']);
    now = new Date(now.getTime() + 1_739_000);
    await call();
    expect(tokenRequests).toHaveLength(1);
    now = new Date(now.getTime() + 2_000);
    await call();
    expect(tokenRequests).toHaveLength(2);
    expect(presented.at(-1)).toBe('Bearer token-2');
  });

  test('a token that ended early is replaced once, not for ever', async () => {
    const call = connect(OAUTH);
    await call();
    ended.add('Bearer token-1');
    expect(await call()).toMatchObject({ output: { status: 200 } });
    expect(tokenRequests).toHaveLength(2);
    ended.add('Bearer token-2').add('Bearer token-3');
    expect(await call()).toMatchObject({ output: { status: 401 } });
    expect(tokenRequests).toHaveLength(3);
  });

  test('a token of unknown life is used for the call at hand', async () => {
    expires_in = undefined;
    const call = connect(OAUTH);
    await call();
    await call();
    expect(tokenRequests).toHaveLength(2);
  });

  test('no credential, one that cannot be opened, one of a kind that the connector does not take', async () => {
    for (const call of [connect(OAUTH, { credentialId: null }), connect(OAUTH, { credentialId: 'cred_lost' })]) {
      expect(await call()).toMatchObject({ kind: 'failed', error: { code: 'credential_unusable' } });
    }
    expect([tokenRequests, presented]).toEqual([[], []]);
  });
});
