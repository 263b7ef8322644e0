import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { OAuth2Server } from 'oauth2-mock-server';
import type { MutableResponse, MutableToken } from 'oauth2-mock-server';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestBrowser } from '@countersign/control-plane/identity/testing/browser.ts';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';

/** A provider that is broken, or somebody between: each of its answers is wrong in one way, and none signs anybody in. */
let plane: ControlPlaneUnderTest;
let server: OAuth2Server;
let callback: string;

beforeAll(async () => {
  server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(0, '127.0.0.1');
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_STAND_INS: 'loopback' });
  const made = await plane.api('POST', '/api/v1/identity-providers', { json: { name: 'Mock', issuer: server.issuer.url, client_id: 'the-client', provisioning: 'just_in_time', allowed_email_domains: ['example.com'] } });
  callback = new URL(String(made.body['redirect_uri'])).pathname;
});
afterEach(() => {
  server.service.removeAllListeners();
});
afterAll(async () => {
  await plane.stop();
  await server.stop();
});

const now_s = (): number => Math.floor(Date.now() / 1000);

/** Signs in with tokens that `change` has made wrong; gives where the browser was sent, and what the audit says. */
async function signIn(change: (claims: Record<string, unknown>, header: Record<string, unknown>) => void, step: Record<string, unknown> = {}, browser = new TestBrowser(plane)): Promise<{ landed: string; reason: unknown; browser: TestBrowser }> {
  server.service.on('beforeTokenSigning', ({ payload, header }: MutableToken) => {
    Object.assign(payload, { sub: 'sub-1', aud: 'the-client', email: 'one@example.com', email_verified: true, auth_time: now_s() });
    change(payload, header);
  });
  const begun = await browser.api('POST', '/api/v1/sign-in/oidc', { tenant: 'local', ...step });
  const back = await fetch(String(begun.body['authorization_url']), { redirect: 'manual' });
  const url = new URL(back.headers.get('location') ?? '');
  const before = (await refusals()).length;
  const response = await browser.raw('GET', `${url.pathname}${url.search}`);
  const after = await refusals();
  return { landed: response.headers.get('location') ?? '', reason: after.length > before ? after.at(-1)?.['reason'] : null, browser };
}

const refusals = async (): Promise<Array<Record<string, unknown>>> => (await plane.auditEvents()).filter((event) => event.type === 'session.refused').map((event) => event.data);
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Replaces the ID token by one that `forge` makes of its claims. */
function forgedBy(forge: (claims: Record<string, unknown>) => string): void {
  server.service.on('beforeResponse', ({ body }: MutableResponse) => {
    if (typeof body !== 'object') return;
    body['id_token'] = forge(JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>);
  });
}

test('an answer that is right signs in', async () => {
  const { landed, browser } = await signIn(() => undefined);
  expect(landed).toBe('/');
  expect((await browser.api('GET', '/api/v1/me')).body).toMatchObject({ auth: { method: 'oidc' } });
});

test('a provider that does not say when the person signed in makes nobody fresh', async () => {
  const { landed, browser } = await signIn((claims) => { delete claims['auth_time']; });
  expect(landed).toBe('/');
  expect((await browser.api('GET', '/api/v1/me')).body).toMatchObject({ auth: { signed_in_at: null } });
  expect((await browser.api('POST', '/api/v1/passkeys/options')).body['code']).toBe('step_up_required');
});

test.each<[string, (claims: Record<string, unknown>, header: Record<string, unknown>) => void, RegExp]>([
  ['another nonce', (claims) => { claims['nonce'] = randomUUID(); }, /CLAIM/],
  ['no nonce', (claims) => { delete claims['nonce']; }, /CLAIM|RESPONSE/],
  ['another audience', (claims) => { claims['aud'] = 'another-client'; }, /CLAIM/],
  ['another issuer', (claims) => { claims['iss'] = 'https://evil.example'; }, /CLAIM/],
  ['two audiences and another party', (claims) => { claims['aud'] = ['the-client', 'another-client']; claims['azp'] = 'another-client'; }, /CLAIM/],
  ['an end in the past', (claims) => { claims['exp'] = now_s() - 120; }, /TIMESTAMP/],
  ['no subject', (claims) => { delete claims['sub']; }, /RESPONSE/],
  ['a subject with a NUL', (claims) => { claims['sub'] = 'sub\0'; }, /subject_invalid/],
  ['a subject without end', (claims) => { claims['sub'] = 'x'.repeat(5_000); }, /subject_invalid/],
])('an ID token with %s is refused', async (_name, change, reason) => {
  const refused = await signIn(change);
  expect(refused.landed).toBe('/sign-in?error=sign_in_refused&to=%2F');
  expect(refused.reason).toMatch(reason);
  expect(refused.browser.cookie).not.toContain('countersign_session');
});

test.each<[string, (claims: Record<string, unknown>) => string]>([
  ['is not signed', (claims) => `${encoded({ alg: 'none' })}.${encoded(claims)}.`],
  ['is signed with a secret that the issuer publishes', (claims) => {
    const input = `${encoded({ alg: 'HS256', kid: server.issuer.keys.get()?.kid })}.${encoded(claims)}`;
    return `${input}.${createHmac('sha256', JSON.stringify(server.issuer.keys.toJSON()[0])).update(input).digest('base64url')}`;
  }],
  ['is signed by a key of nobody\'s', (claims) => {
    const input = `${encoded({ alg: 'RS256', kid: 'unknown' })}.${encoded(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).toString('base64url')}`;
  }],
  ['names the issuer\'s key and is signed by another', (claims) => {
    const input = `${encoded({ alg: 'RS256', kid: server.issuer.keys.get()?.kid })}.${encoded(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).toString('base64url')}`;
  }],
  ['is no token', () => 'x.y.z'],
])('an ID token that %s is refused', async (_name, forge) => {
  forgedBy(forge);
  const refused = await signIn(() => undefined);
  expect([refused.landed, typeof refused.reason]).toEqual(['/sign-in?error=sign_in_refused&to=%2F', 'string']);
});

test('an address that is verified only by the text "true" is nobody\'s', async () => {
  const refused = await signIn((claims) => { Object.assign(claims, { sub: 'sub-2', email: 'two@example.com', email_verified: 'true' }); });
  expect(refused.landed).toBe('/sign-in?error=identity_not_invited&to=%2F');
});

test('a step-up is refused where the provider does not say when, or says too long ago', async () => {
  const { browser } = await signIn(() => undefined);
  server.service.removeAllListeners();
  for (const change of [(claims: Record<string, unknown>) => { delete claims['auth_time']; }, (claims: Record<string, unknown>) => { claims['auth_time'] = now_s() - 3_600; }]) {
    expect((await signIn(change, { step_up: { max_age_s: 300 } }, browser)).landed).toBe('/sign-in?error=sign_in_refused&to=%2F');
    server.service.removeAllListeners();
  }
  expect((await signIn(() => undefined, { step_up: { max_age_s: 300 } }, browser)).landed).toBe('/');
});

test('a provider that refuses the person, or whose token endpoint fails, signs nobody in', async () => {
  const browser = new TestBrowser(plane);
  const begun = await browser.api('POST', '/api/v1/sign-in/oidc', { tenant: 'local' });
  const state = new URL(String(begun.body['authorization_url'])).searchParams.get('state') ?? '';
  const denied = await browser.raw('GET', `${callback}?${new URLSearchParams({ error: 'access_denied', error_description: '<b>no</b>', state }).toString()}`);
  expect(denied.headers.get('location')).toBe('/sign-in?error=sign_in_refused&to=%2F');
  server.service.on('beforeResponse', (response: MutableResponse) => { response.statusCode = 500; response.body = { error: 'server_error' }; });
  expect((await signIn(() => undefined)).landed).toBe('/sign-in?error=sign_in_refused&to=%2F');
});
