import { generateKeyPairSync, verify } from 'node:crypto';
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
let exchanged: string[];
let exchangeStatus: number;
const open: TestGateway[] = [];

beforeEach(async () => {
  [tokenRequests, presented, ended, expires_in, now] = [[], [], new Set(), 1_800, new Date('2026-05-05T10:00:00Z')];
  [exchanged, exchangeStatus] = [[], 201];
  peer = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader('content-type', 'application/json');
    if (request.url === '/token') {
      tokenRequests.push(Buffer.concat(chunks).toString());
      response.end(JSON.stringify({ access_token: `token-${tokenRequests.length}`, token_type: 'Bearer', expires_in }));
      return;
    }
    if (request.url === '/installations/7/tokens') {
      exchanged.push(request.headers.authorization ?? '');
      response.statusCode = exchangeStatus;
      response.end(exchangeStatus === 201 ? JSON.stringify({ token: `access-${exchanged.length}`, expires_at: new Date(now.getTime() + 3_600_000).toISOString() }) : '{"message":"no"}');
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
    name: 'notes', version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['basic', 'oauth_client_credentials', 'api_key', 'signed_jwt'],
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

const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } });
const SIGNED: CredentialValue = { kind: 'signed_jwt', issuer: '12345', privateKeyPem: KEYS.privateKey, tokenPath: '/installations/7/tokens' };

describe('a signed_jwt credential', () => {
  test('is a token that we sign (RS256, from a minute ago, for nine), exchanged for one that is kept until a minute before its end', async () => {
    const call = connect(SIGNED);
    await Promise.all([call(), call(), call()]);
    expect(exchanged).toHaveLength(1);
    const [header = '', claims = '', signature = ''] = exchanged[0]!.replace('Bearer ', '').split('.');
    const decoded = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    const now_s = Math.floor(now.getTime() / 1_000);
    expect([decoded(header), decoded(claims)]).toEqual([{ alg: 'RS256', typ: 'JWT' }, { iss: '12345', iat: now_s - 60, exp: now_s + 540 }]);
    expect(verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), KEYS.publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(presented).toEqual(['Bearer access-1', 'Bearer access-1', 'Bearer access-1']);
    now = new Date(now.getTime() + 3_539_000);
    await call();
    expect(exchanged).toHaveLength(1);
    now = new Date(now.getTime() + 2_000);
    await call();
    expect([exchanged.length, presented.at(-1)]).toEqual([2, 'Bearer access-2']);
  });

  test('whose access token ended early is exchanged again once, not for ever', async () => {
    const call = connect(SIGNED);
    await call();
    ended.add('Bearer access-1');
    expect(await call()).toMatchObject({ output: { status: 200 } });
    ended.add('Bearer access-2').add('Bearer access-3');
    expect(await call()).toMatchObject({ output: { status: 401 } });
    expect(exchanged).toHaveLength(3);
  });

  test('rotated to another key is not used under the old token', async () => {
    await connect(SIGNED)();
    const other = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
    await connect({ ...SIGNED, privateKeyPem: other.privateKey })();
    expect(presented).toEqual(['Bearer access-1', 'Bearer access-2']);
  });

  test.each([[401, 'peer_unauthenticated', false], [404, 'peer_unauthenticated', false], [503, 'peer_unavailable', true], [429, 'peer_unavailable', true]])('refused with %i is %s', async (status, code, retryable) => {
    exchangeStatus = status;
    const result = await connect(SIGNED)();
    expect(result).toMatchObject({ kind: 'failed', error: { code, retryable } });
    expect(JSON.stringify(result)).not.toMatch(/PRIVATE KEY|eyJ/);
    expect(presented).toEqual([]);
  });

  test.each([['no key', 'not a key'], ['an elliptic key', generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }).privateKey]])('with %s is refused without the key in the message', async (_what, privateKeyPem) => {
    const result = await connect({ ...SIGNED, privateKeyPem })();
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'credential_unusable', retryable: false } });
    expect(JSON.stringify(result)).not.toContain(privateKeyPem.slice(0, 20));
    expect(exchanged).toEqual([]);
  });
});

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
