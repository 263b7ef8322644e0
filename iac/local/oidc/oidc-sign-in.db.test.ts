import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestBrowser, signedInBrowser } from '@countersign/control-plane/identity/testing/browser.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import type { ApiReply, TestTenant } from '@countersign/control-plane/testing/control-plane-under-test.ts';
import { signInAtProvider } from './browser-at-provider.ts';
import { OidcStandIn } from './oidc-stand-in.ts';
import type { StandInAccount } from './oidc-stand-in.ts';

/** Until the provider is set up here, and has one of its own. */
const NOWHERE = 'http://localhost:8080/not-set-up-yet';
const accounts = new Map<string, StandInAccount>([
  ['sub-ann', { name: 'Ann', email: 'ann@example.com', email_verified: true, groups: ['desk'], amr: ['pwd', 'otp'], acr: 'urn:example:mfa' }],
  ['sub-ben', { name: 'Ben', email: 'ben@example.com', email_verified: true }],
  ['sub-eve', { name: 'Eve', email: 'ann@example.com', email_verified: false }],
  ['sub-out', { name: 'Out', email: 'out@elsewhere.example', email_verified: true }],
]);

let plane: ControlPlaneUnderTest;
let provider: OidcStandIn;
let other: TestTenant;
let providerId: string;
let otherProviderId: string;

beforeAll(async () => {
  provider = await OidcStandIn.start({ accounts, clients: [
    { client_id: 'first', client_secret: 'the-secret-of-the-first', redirect_uri: NOWHERE }, { client_id: 'second', client_secret: 'the-secret-of-the-second', redirect_uri: NOWHERE },
    { client_id: 'third', client_secret: 'the-secret-of-the-third', redirect_uri: NOWHERE },
  ] });
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_STAND_INS: 'loopback' });
  other = await plane.otherTenant();
  const made = await addProvider('first');
  providerId = String(made.body['id']);
  const admin = await plane.principal(['admin'], other);
  otherProviderId = String((await addProvider('second', admin.key)).body['id']);
});
afterAll(async () => {
  await plane.stop();
  await provider.stop();
});

async function addProvider(client: string, key: string = plane.adminKey, name = 'Directory'): Promise<ApiReply> {
  const made = await plane.api('POST', '/api/v1/identity-providers', { key, json: {
    name, issuer: provider.issuer, client_id: client, client_secret: `the-secret-of-the-${client}`,
    provisioning: 'just_in_time', allowed_email_domains: ['example.com'], groups_claim: 'groups', mfa_acr_values: ['urn:example:mfa'],
  } });
  provider.setRedirectUri(client, String(made.body['redirect_uri']));
  return made;
}

async function begin(browser: TestBrowser, more: Record<string, unknown> = {}): Promise<string> {
  const reply = await browser.api('POST', '/api/v1/sign-in/oidc', { tenant: 'local', ...more });
  if (reply.status !== 200) throw new TypeError(JSON.stringify(reply.body));
  return String(reply.body['authorization_url']);
}

const finish = (browser: TestBrowser, url: URL): Promise<Response> => browser.raw('GET', `${url.pathname}${url.search}`);
const landing = (response: Response): string => `${response.status} ${response.headers.get('location')}`;

async function signIn(account: string, browser = new TestBrowser(plane), more: Record<string, unknown> = {}): Promise<{ browser: TestBrowser; landed: string }> {
  return { browser, landed: landing(await finish(browser, await signInAtProvider(await begin(browser, more), account))) };
}

const lastRefusal = async (tenantId = plane.tenant.tenantId): Promise<Record<string, unknown> | undefined> => (await plane.auditEvents(tenantId)).findLast((event) => event.type === 'session.refused')?.data;

describe('a sign-in by an identity provider', () => {
  test('ends where it was to lead, and says what it was', async () => {
    const { browser, landed } = await signIn('sub-ann', undefined, { return_to: '/approvals?tab=mine' });
    expect(landed).toBe('302 /approvals?tab=mine');
    const me = (await browser.api('GET', '/api/v1/me')).body;
    expect(me).toMatchObject({ principal: { display_name: 'Ann', kind: 'person' }, auth_strength: 'mfa', auth: { method: 'oidc', provider_id: providerId, acr: 'urn:example:mfa', amr: ['pwd', 'otp'] } });
    expect(Date.now() - Date.parse(String((me['auth'] as { signed_in_at: string }).signed_in_at))).toBeLessThan(60_000);
    const again = await signIn('sub-ann');
    expect((await again.browser.api('GET', '/api/v1/me')).body).toMatchObject({ principal: me['principal'] });
    const started = (await plane.auditEvents()).findLast((event) => event.type === 'session.started');
    expect(started?.data).toMatchObject({ method: 'oidc', idp: providerId, auth_strength: 'mfa', acr: 'urn:example:mfa', amr: ['pwd', 'otp'] });
    expect(JSON.stringify(await plane.auditEvents())).not.toContain('ann@example.com');
  });

  test('is as strong as the provider says', async () => {
    const { browser } = await signIn('sub-ben');
    expect((await browser.api('GET', '/api/v1/me')).body).toMatchObject({ auth_strength: 'oidc', auth: { amr: ['pwd'] } });
  });

  test('works with the key that the provider signs with now', async () => {
    provider.rotateKeys();
    expect((await signIn('sub-ann')).landed).toBe('302 /');
  });

  test('of an address that is not verified, or not of the domains, is nobody\'s', async () => {
    for (const account of ['sub-eve', 'sub-out']) {
      expect((await signIn(account)).landed).toBe('302 /sign-in?error=identity_not_invited&to=%2F');
      expect(await lastRefusal()).toMatchObject({ code: 'identity_not_invited', method: 'oidc', idp: providerId });
    }
  });

  test('with the same subject and address is another person in another tenant', async () => {
    const slug = await slugOf(other.tenantId);
    const browser = new TestBrowser(plane);
    expect((await signIn('sub-ann', browser, { tenant: slug })).landed).toBe('302 /');
    const [there, here] = [(await browser.api('GET', '/api/v1/me')).body, (await (await signIn('sub-ann')).browser.api('GET', '/api/v1/me')).body];
    expect(there).toMatchObject({ tenant: { id: other.tenantId }, principal: { display_name: 'Ann' } });
    expect((there['principal'] as { id: string }).id).not.toBe((here['principal'] as { id: string }).id);
  });

  test('by a verified address makes nobody somebody who can sign in already, however the directory keeps them', async () => {
    const key = String((await plane.api('POST', '/api/v1/api-keys', { json: { name: 'directory', scopes: ['scim:manage'] } })).body['key']);
    const provision = async (email: string): Promise<string> => String((await plane.api('POST', '/scim/v2/Users', { key, headers: { 'content-type': 'application/scim+json' }, json: { userName: email } })).body['id']);
    const [fresh, settled] = [await provision('fresh@example.com'), await provision('settled@example.com')];
    await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({
      name: 'test.passkey', text: `INSERT INTO control.passkeys (tenant_id, id, principal_id, name, credential_id, public_key, aaguid) VALUES ($1, $2, $3, 'A key', '\\x01', '\\x02', '')`,
    }, [plane.tenant.tenantId, newId('passkey'), settled]));
    accounts.set('sub-fresh', { name: 'Fresh', email: 'fresh@example.com', email_verified: true });
    accounts.set('sub-settled', { name: 'Settled', email: 'settled@example.com', email_verified: true });
    const { browser } = await signIn('sub-fresh');
    expect((await browser.api('GET', '/api/v1/me')).body).toMatchObject({ principal: { id: fresh } });
    expect((await signIn('sub-settled')).landed).toBe('302 /sign-in?error=identity_not_invited&to=%2F');
  });

  test('fills the groups of its provider, and of no other one that names them alike', async () => {
    accounts.set('sub-guest', { name: 'Guest', email: 'guest@example.com', email_verified: true, groups: ['desk', 'guests'] });
    await signIn('sub-ann');
    const groups = async (): Promise<Array<{ id: string; name: string; source: string; members: string[] }>> => (await plane.api('GET', '/api/v1/groups')).body['items'] as never;
    const members = async (name: string): Promise<number> => (await groups()).find((group) => group.name === name)?.members.length ?? 0;
    expect(await members('desk')).toBe(1);
    const contractors = String((await addProvider('third', plane.adminKey, 'Contractors')).body['id']);
    const { browser } = await signIn('sub-guest', undefined, { provider_id: contractors });
    expect((await browser.api('GET', '/api/v1/me')).status).toBe(200);
    expect([await members('desk'), await members('guests')]).toEqual([1, 1]);
    expect((await plane.api('DELETE', `/api/v1/identity-providers/${contractors}`)).status).toBe(204);
    expect((await groups()).find(({ name }) => name === 'guests')).toMatchObject({ source: 'local' });
  });

  test('of a disabled person is refused', async () => {
    const { browser } = await signIn('sub-ben');
    const id = ((await browser.api('GET', '/api/v1/me')).body['principal'] as { id: string }).id;
    const disable = (at: string) => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.disable_${at}`, text: `UPDATE control.principals SET disabled_at = ${at} WHERE tenant_id = $1 AND id = $2` }, [plane.tenant.tenantId, id]));
    await disable('clock_timestamp()');
    expect((await signIn('sub-ben')).landed).toBe('302 /sign-in?error=principal_disabled&to=%2F');
    await disable('NULL');
  });
});

describe('an attempt', () => {
  test('is of the browser that began it', async () => {
    const url = await signInAtProvider(await begin(new TestBrowser(plane)), 'sub-ann');
    const victim = new TestBrowser(plane);
    await begin(victim);
    for (const browser of [new TestBrowser(plane), victim]) {
      expect(landing(await finish(browser, url))).toBe('302 /sign-in?error=sign_in_attempt_invalid');
      expect(browser.cookie).not.toContain('countersign_session');
    }
    expect(await lastRefusal()).toMatchObject({ code: 'sign_in_attempt_invalid' });
  });

  test('counts once, however often it comes', async () => {
    const browser = new TestBrowser(plane);
    const url = await signInAtProvider(await begin(browser), 'sub-ann');
    const landed = await Promise.all(Array.from({ length: 5 }, async () => landing(await finish(new TestBrowser(plane, browser.cookie), url))));
    expect(landed.toSorted()).toEqual(['302 /', ...Array.from({ length: 4 }, () => '302 /sign-in?error=sign_in_attempt_invalid')]);
  });

  test('has company: two tabs of one browser, each finished in its turn', async () => {
    const browser = new TestBrowser(plane);
    const [first, second] = [await begin(browser, { return_to: '/one' }), await begin(browser, { return_to: '/two' })];
    const jar = new Map<string, string>();
    const landed = [];
    for (const url of [second, first]) landed.push(landing(await finish(browser, await signInAtProvider(url, 'sub-ann', jar))));
    expect(landed).toEqual(['302 /two', '302 /one']);
  });

  test('does not count for another tenant, with another state, or from another issuer', async () => {
    const browser = new TestBrowser(plane);
    const url = await signInAtProvider(await begin(browser), 'sub-ann');
    const state = url.searchParams.get('state') ?? '';
    const changed = (change: (copy: URL) => void): URL => {
      const copy = new URL(url);
      change(copy);
      return copy;
    };
    for (const wrong of [changed((copy) => copy.searchParams.set('state', state.replace(plane.tenant.tenantId, other.tenantId))), changed((copy) => copy.searchParams.set('state', `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`)), changed((copy) => copy.searchParams.delete('state'))]) {
      expect(landing(await finish(browser, wrong))).toBe('302 /sign-in?error=sign_in_attempt_invalid');
    }
    expect(landing(await finish(browser, changed((copy) => copy.searchParams.set('iss', 'https://evil.example'))))).toBe('302 /sign-in?error=sign_in_refused&to=%2F');
    expect(await lastRefusal()).toMatchObject({ code: 'sign_in_refused', reason: 'OAUTH_INVALID_RESPONSE' });
  });

  test('without the answer\'s issuer, or with a code of somebody else\'s attempt, is refused', async () => {
    const [mine, theirs] = [new TestBrowser(plane), new TestBrowser(plane)];
    const url = await signInAtProvider(await begin(mine), 'sub-ann');
    url.searchParams.delete('iss');
    expect(landing(await finish(mine, url))).toContain('error=sign_in_refused');
    // Injected: PKCE ties the code to the attempt that asked for it.
    const stolen = await signInAtProvider(await begin(theirs), 'sub-ben');
    const own = await signInAtProvider(await begin(mine), 'sub-ann');
    own.searchParams.set('code', stolen.searchParams.get('code') ?? '');
    expect(landing(await finish(mine, own))).toContain('error=sign_in_refused');
  });

  test('is not finished where another provider sends browsers back to: its code never goes to the other one', async () => {
    const browser = new TestBrowser(plane);
    const url = await signInAtProvider(await begin(browser), 'sub-ann');
    const elsewhere = new URL(url);
    elsewhere.pathname = elsewhere.pathname.replace(providerId, otherProviderId);
    expect(landing(await finish(browser, elsewhere))).toBe('302 /sign-in?error=sign_in_attempt_invalid');
    expect(browser.cookie).not.toContain('countersign_session');
    // The client of one provider sends nobody back to where another one's does.
    const lured = new URL(await begin(browser));
    lured.searchParams.set('redirect_uri', lured.searchParams.get('redirect_uri')?.replace(providerId, otherProviderId) ?? '');
    await expect(signInAtProvider(lured.href, 'sub-ann')).rejects.toThrow('redirect_uri');
  });

  test('leads nowhere else', async () => {
    for (const to of ['//evil.example/', 'https://evil.example/', '/\\evil.example']) expect((await signIn('sub-ann', undefined, { return_to: to })).landed).toBe('302 /');
  });
});

describe('a step-up', () => {
  test('makes a new session of the same person, freshly signed in; the old one ends', async () => {
    const { browser } = await signIn('sub-ann');
    const before = browser.cookie;
    expect((await signIn('sub-ann', browser, { step_up: { max_age_s: 0, acr_values: 'urn:example:mfa' } })).landed).toBe('302 /');
    expect(browser.cookie).not.toBe(before);
    expect((await new TestBrowser(plane, before).api('GET', '/api/v1/me')).status).toBe(401);
  });

  test('does not make somebody else of them, and is of who is signed in', async () => {
    const { browser } = await signIn('sub-ann');
    expect((await signIn('sub-ben', browser, { step_up: { max_age_s: 0 } })).landed).toBe('302 /sign-in?error=sign_in_refused&to=%2F');
    expect(await lastRefusal()).toMatchObject({ reason: 'another_person' });
    expect((await browser.api('GET', '/api/v1/me')).body).toMatchObject({ principal: { display_name: 'Ann' } });
    expect((await new TestBrowser(plane).api('POST', '/api/v1/sign-in/oidc', { tenant: 'local', step_up: {} })).body['code']).toBe('sign_in_refused');
    const stranger = await signedInBrowser(plane, await plane.principal(['viewer'], other));
    expect((await stranger.api('POST', '/api/v1/sign-in/oidc', { tenant: 'local', step_up: {} })).body['code']).toBe('sign_in_refused');
  });
});

describe('identity providers', () => {
  test('never show their secret, and say what they are', async () => {
    const listed = await plane.api('GET', '/api/v1/identity-providers');
    expect(listed.bytes.toString('utf8')).not.toContain('the-secret-of-the-first');
    expect(listed.body['items']).toMatchObject([{ id: providerId, name: 'Directory', has_client_secret: true, issuer: provider.issuer, version: 1 }]);
    expect((await plane.api('POST', `/api/v1/identity-providers/${providerId}/test`)).body).toMatchObject({ issuer: provider.issuer, algorithm_supported: true, pkce_supported: true, names_issuer_in_answers: true, keys: 1 });
    expect((await plane.api('GET', '/api/v1/sign-in/methods?tenant=local', { key: null })).body).toMatchObject({ providers: [{ id: providerId, name: 'Directory' }] });
  });

  test('are changed by who read them, and vouch for nobody when they are disabled', async () => {
    const stale = await plane.api('PATCH', `/api/v1/identity-providers/${providerId}`, { json: { name: 'X' }, headers: { 'if-match': '"7"' } });
    expect([stale.status, stale.body['code']]).toEqual([412, 'precondition_failed']);
    const off = await plane.api('PATCH', `/api/v1/identity-providers/${providerId}`, { json: { enabled: false }, headers: { 'if-match': '"1"' } });
    expect(off.body).toMatchObject({ enabled: false, version: 2, has_client_secret: true });
    expect((await new TestBrowser(plane).api('POST', '/api/v1/sign-in/oidc', { tenant: 'local', provider_id: providerId })).body).toMatchObject({ code: 'sign_in_refused', detail: 'There is no such way to sign in to this tenant.' });
    expect((await new TestBrowser(plane).api('POST', '/api/v1/sign-in/oidc', { tenant: 'nobody' })).body).toMatchObject({ code: 'sign_in_refused', detail: 'There is no such way to sign in to this tenant.' });
    expect((await plane.api('PATCH', `/api/v1/identity-providers/${providerId}`, { json: { enabled: true } })).status).toBe(200);
    expect((await signIn('sub-ann')).landed).toBe('302 /');
  });

  test.each(['http://idp.example.com', 'https://user:pw@idp.example.com', 'ftp://idp.example.com', 'nonsense', 'https://idp.example.com/?x=1'])('are not asked at %s', async (issuer) => {
    const reply = await plane.api('POST', '/api/v1/identity-providers', { json: { name: 'Wrong', issuer, client_id: 'x' } });
    expect([reply.status, reply.body['code']]).toEqual([422, 'identity_provider_invalid']);
  });

  test('that do not answer are said to be so', async () => {
    const made = await plane.api('POST', '/api/v1/identity-providers', { json: { name: 'Gone', issuer: 'http://127.0.0.1:9', client_id: 'x' } });
    expect((await plane.api('POST', `/api/v1/identity-providers/${String(made.body['id'])}/test`)).body['code']).toBe('identity_provider_unreachable');
    expect((await plane.api('DELETE', `/api/v1/identity-providers/${String(made.body['id'])}`)).status).toBe(204);
  });
});

async function slugOf(tenantId: string): Promise<string> {
  const row = await plane.database.control.forNoTenant((tx) => tx.one<{ slug: string }>({ name: 'test.slug', text: 'SELECT slug FROM control.tenant_directory WHERE tenant_id = $1' }, [tenantId]));
  return row.slug;
}
