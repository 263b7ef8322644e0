import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../config.ts';
import { ControlPlaneUnderTest } from '../../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../../testing/control-plane-under-test.ts';
import { signedInBrowser, TestBrowser } from '../testing/browser.ts';
import { SoftwareAuthenticator } from './testing/authenticator.ts';
import type { Ceremony } from './testing/authenticator.ts';
import { relyingPartyOf } from './webauthn.ts';

let plane: ControlPlaneUnderTest;
let person: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  person = await plane.principal(['approver']);
});
afterAll(() => plane.stop());

type Begun = { attempt_id: string; options: Record<string, unknown> };
const begun = (reply: ApiReply): Begun => reply.body as unknown as Begun;
const lastReason = async (): Promise<unknown> => (await plane.auditEvents()).findLast((event) => event.type === 'session.refused')?.data['reason'];

async function register(authenticator: SoftwareAuthenticator, ceremony: Ceremony = {}, who = person): Promise<{ browser: TestBrowser; reply: ApiReply }> {
  const browser = await signedInBrowser(plane, who);
  const { attempt_id, options } = begun(await browser.api('POST', '/api/v1/passkeys/options'));
  return { browser, reply: await browser.api('POST', '/api/v1/passkeys', { attempt_id, name: 'A key', response: authenticator.create(options, ceremony) }) };
}

async function signIn(authenticator: SoftwareAuthenticator, ceremony: Ceremony = {}, browser = new TestBrowser(plane)): Promise<{ browser: TestBrowser; reply: ApiReply }> {
  const { attempt_id, options } = begun(await browser.api('POST', '/api/v1/sign-in/passkey/options', { tenant: 'local' }));
  return { browser, reply: await browser.api('POST', '/api/v1/sign-in/passkey/verify', { attempt_id, response: authenticator.get(options, ceremony) }) };
}

describe('a passkey', () => {
  test.each([['ES256', true], ['EdDSA', true], ['ES256', false]] as const)('of %s (counting: %s) is registered, signs in, and is as strong as there is', async (algorithm, counts) => {
    const authenticator = new SoftwareAuthenticator({ algorithm, counts });
    const { reply } = await register(authenticator);
    expect([reply.status, reply.body]).toMatchObject([201, { name: 'A key', backed_up: false, transports: ['internal'], last_used_at: null }]);
    for (let time = 0; time < 2; time += 1) {
      const signedIn = await signIn(authenticator);
      expect(signedIn.reply.body).toMatchObject({ principal: { id: person.id }, auth_strength: 'passkey', auth: { method: 'passkey', provider_id: null } });
      expect((await signedIn.browser.api('GET', '/api/v1/me')).status).toBe(200);
    }
    expect(await plane.auditTypes(String(reply.body['id']))).toEqual(['passkey.registered']);
  });

  test.each<[string, Ceremony, string]>([
    ['made for another site', { origin: 'https://evil.example' }, 'passkey_invalid'],
    ['made for another relying party', { rpId: 'evil.example' }, 'passkey_invalid'],
    ['made for another challenge', { challenge: Buffer.alloc(32).toString('base64url') }, 'passkey_invalid'],
    ['that has not verified its person', { userVerified: false }, 'passkey_invalid'],
    ['that is an assertion', { type: 'webauthn.get' }, 'passkey_invalid'],
    ['with certificates to look up', { attestation: { format: 'packed', certificates: true } }, 'passkey_invalid'],
    ['of another format', { attestation: { format: 'tpm', certificates: false } }, 'passkey_invalid'],
  ])('%s is not registered', async (_name, ceremony, code) => {
    expect((await register(new SoftwareAuthenticator(), ceremony)).reply.body['code']).toBe(code);
  });

  test('is registered once, in the attempt and the browser of its person, by a fresh sign-in', async () => {
    const authenticator = new SoftwareAuthenticator();
    const browser = await signedInBrowser(plane, person);
    const other = await signedInBrowser(plane, await plane.principal(['viewer']));
    const { attempt_id, options } = begun(await browser.api('POST', '/api/v1/passkeys/options'));
    const answer = { attempt_id, name: 'A key', response: authenticator.create(options) };
    expect((await other.api('POST', '/api/v1/passkeys', answer)).body['code']).toBe('sign_in_attempt_invalid');
    expect((await browser.api('POST', '/api/v1/passkeys', answer)).status).toBe(201);
    expect((await browser.api('POST', '/api/v1/passkeys', answer)).body['code']).toBe('sign_in_attempt_invalid');
    const again = begun(await browser.api('POST', '/api/v1/passkeys/options'));
    expect((again.options['excludeCredentials'] as Array<{ id: string }>).map(({ id }) => id)).toContain(authenticator.credentialId.toString('base64url'));
    expect((await browser.api('POST', '/api/v1/passkeys', { ...answer, attempt_id: again.attempt_id, response: authenticator.create(again.options) })).body['code']).toBe('passkey_invalid');
    expect((await plane.api('POST', '/api/v1/passkeys/options', { key: person.key })).body['code']).toBe('step_up_required');
    await plane.database.control.forTenant(person.tenantId, (tx) => tx.change({ name: 'test.age', text: `UPDATE control.sessions SET signed_in_at = signed_in_at - interval '11 minutes' WHERE tenant_id = $1 AND principal_id = $2` }, [person.tenantId, person.id]));
    expect((await browser.api('POST', '/api/v1/passkeys/options')).body['code']).toBe('step_up_required');
  });

  test('is taken away, but not the last way to sign in', async () => {
    const someone = await plane.principal(['viewer']);
    const [first, second] = [new SoftwareAuthenticator(), new SoftwareAuthenticator()];
    const ids = [String((await register(first, {}, someone)).reply.body['id']), String((await register(second, {}, someone)).reply.body['id'])];
    const { browser } = await signIn(first);
    expect((await plane.api('DELETE', `/api/v1/passkeys/${ids[1]}`, { key: person.key })).status).toBe(404);
    const removed = await Promise.all(ids.map((id) => browser.api('DELETE', `/api/v1/passkeys/${id}`)));
    expect(removed.map((reply) => reply.status).toSorted()).toEqual([204, 409]);
    expect((await browser.api('GET', '/api/v1/passkeys')).body['items']).toHaveLength(1);
  });
});

describe('a sign-in by a passkey', () => {
  let authenticator: SoftwareAuthenticator;
  beforeAll(async () => {
    authenticator = new SoftwareAuthenticator();
    await register(authenticator);
  });

  test.each<[string, Ceremony]>([
    ['on another site', { origin: 'https://evil.example' }], ['for another relying party', { rpId: 'evil.example' }], ['for another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['without verifying the person', { userVerified: false }], ['that is a registration', { type: 'webauthn.create' }],
  ])('%s is refused', async (_name, ceremony) => {
    const { browser, reply } = await signIn(authenticator, ceremony);
    expect([reply.status, reply.body['code'], await lastReason()]).toEqual([401, 'passkey_unknown', 'not_verified']);
    expect(browser.cookie).not.toContain('countersign_session');
  });

  test('by a passkey that nobody has, of another\'s key, or with a counter that stands still, is refused in the same words', async () => {
    const strange = await signIn(new SoftwareAuthenticator());
    expect(await lastReason()).toBe('credential_unknown');
    const forged = new SoftwareAuthenticator();
    authenticator.credentialId.copy(forged.credentialId);
    const wrongKey = await signIn(forged);
    expect((await signIn(authenticator)).reply.status).toBe(200);
    authenticator.counter -= 1;
    const cloned = await signIn(authenticator);
    authenticator.counter += 10;
    expect(new Set([strange, wrongKey, cloned].map(({ reply }) => `${reply.status} ${String(reply.body['code'])} ${String(reply.body['detail'])}`)).size).toBe(1);
  });

  test('counts once, and in the browser that began it', async () => {
    const browser = new TestBrowser(plane);
    const { attempt_id, options } = begun(await browser.api('POST', '/api/v1/sign-in/passkey/options', { tenant: 'local' }));
    const body = { attempt_id, response: authenticator.get(options) };
    expect((await new TestBrowser(plane).api('POST', '/api/v1/sign-in/passkey/verify', body)).body['code']).toBe('passkey_unknown');
    const replies = await Promise.all(Array.from({ length: 5 }, () => new TestBrowser(plane, browser.cookie).api('POST', '/api/v1/sign-in/passkey/verify', body)));
    expect(replies.map((reply) => reply.status).toSorted()).toEqual([200, 401, 401, 401, 401]);
  });

  test('to a tenant that does not exist begins in the same way and ends like any that fails', async () => {
    const browser = new TestBrowser(plane);
    const reply = await browser.api('POST', '/api/v1/sign-in/passkey/options', { tenant: 'nobody' });
    expect(reply.body).toMatchObject({ attempt_id: expect.stringMatching(/^ten_\w{26}\.[\w-]{43}$/), options: { rpId: 'localhost', userVerification: 'required' } });
    const { attempt_id, options } = begun(reply);
    expect((await browser.api('POST', '/api/v1/sign-in/passkey/verify', { attempt_id, response: authenticator.get(options) })).body['code']).toBe('passkey_unknown');
  });
});

test('the site that passkeys are for is the console\'s host, or a domain above it', () => {
  const at = (publicUrl: string, COUNTERSIGN_PASSKEY_RP_ID?: string): string => relyingPartyOf(readConfig({
    COUNTERSIGN_CONTROL_DATABASE_URL: 'postgres://x', COUNTERSIGN_OBJECTS_DIR: '/x', COUNTERSIGN_KEY_FILE: '/x', COUNTERSIGN_PUBLIC_URL: publicUrl, ...(COUNTERSIGN_PASSKEY_RP_ID === undefined ? {} : { COUNTERSIGN_PASSKEY_RP_ID }),
  })).id;
  expect([at('https://countersign.example.com'), at('https://countersign.example.com', 'example.com'), at('http://localhost:8080')]).toEqual(['countersign.example.com', 'example.com', 'localhost']);
  for (const wrong of ['evil.example', 'ample.com', 'com', 'a.countersign.example.com']) expect(() => at('https://countersign.example.com', wrong)).toThrow('COUNTERSIGN_PASSKEY_RP_ID');
});

test('one of a tenant that is not served shows who its person is, and signs nobody in', async () => {
  const authenticator = new SoftwareAuthenticator();
  await register(authenticator);
  await plane.database.control.forNoTenant((tx) => tx.change({ name: 'test.suspend', text: `UPDATE control.tenant_directory SET state = 'suspended' WHERE tenant_id = $1` }, [plane.tenant.tenantId]));
  await plane.restart();
  expect((await signIn(authenticator)).reply).toMatchObject({ status: 403, body: { code: 'tenant_suspended' } });
  expect((await signIn(new SoftwareAuthenticator())).reply).toMatchObject({ status: 401, body: { code: 'passkey_unknown' } });
});
