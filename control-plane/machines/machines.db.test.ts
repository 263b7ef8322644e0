import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let admin: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  admin = await plane.principal(['admin']);
});
afterAll(() => plane.stop());

const by = (key: string | null, method: string, path: string, json?: unknown): Promise<ApiReply> => plane.api(method, `/api/v1${path}`, { key, ...(json === undefined ? {} : { json }) });
const change = (text: string, values: readonly unknown[]): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.slice(0, 50)}`, text }, values));
const codeOf = async (reply: Promise<ApiReply>): Promise<unknown> => (await reply).body['code'];

async function newKey(key: string, wish: object = {}): Promise<{ id: string; key: string; body: Record<string, unknown> }> {
  const { status, body } = await by(key, 'POST', '/api-keys', { name: 'a key', ...wish });
  expect(status).toBe(201);
  return { id: body['id'] as string, key: body['key'] as string, body };
}

async function newService(role: string): Promise<string> {
  const made = await by(admin.key, 'POST', '/service-accounts', { name: `A robot with ${role}` });
  const id = made.body['id'] as string;
  expect((await by(admin.key, 'POST', '/role-assignments', { principal_id: id, role })).status).toBe(201);
  return id;
}

describe('a key', () => {
  test('is cut to its scopes, and its scopes to what its principal holds', async () => {
    const person = await plane.principal(['operator', 'auditor']);
    const { key, body } = await newKey(person.key, { scopes: ['runs:read', 'audit:read'] });
    expect(body).toMatchObject({ scopes: ['runs:read', 'audit:read'], workspace_id: plane.tenant.workspaceId, principal_id: person.id });
    expect(key.startsWith(String(body['prefix']))).toBe(true);
    expect((await by(key, 'GET', '/runs')).status).toBe(200);
    expect(await codeOf(by(key, 'GET', '/workflows'))).toBe('scope_missing');
    expect((await by(key, 'GET', '/me')).body['permissions']).toEqual(['runs:read', 'audit:read']);
    expect((await by(key, 'GET', '/audit/events')).status).toBe(200);
    await change(`DELETE FROM control.role_assignments WHERE tenant_id = $1 AND principal_id = $2 AND role = 'auditor'`, [plane.tenant.tenantId, person.id]);
    expect(await codeOf(by(key, 'GET', '/audit/events'))).toBe('forbidden');
  });

  test('with scopes makes no key, and nobody makes one that can do more than they', async () => {
    const person = await plane.principal(['viewer']);
    const { key } = await newKey(person.key, { scopes: ['runs:read'] });
    expect(await codeOf(by(key, 'POST', '/api-keys', { name: 'wider' }))).toBe('scope_missing');
    expect(await codeOf(by(person.key, 'POST', '/api-keys', { name: 'wider', scopes: ['runs:start'] }))).toBe('scope_too_wide');
    expect(await codeOf(by(person.key, 'POST', '/api-keys', { name: 'no such', scopes: ['runs:fly'] }))).toBe('scope_unknown');
    expect(await codeOf(by(person.key, 'POST', '/api-keys', { name: 'for another', principal_id: admin.id }))).toBe('forbidden');
    expect(await codeOf(by(admin.key, 'POST', '/api-keys', { name: 'for a person', principal_id: person.id }))).toBe('not_found');
  });

  test('of a service account is made by who holds what it holds, and by nobody else', async () => {
    const robot = await newService('admin');
    const role = await by(admin.key, 'POST', '/roles', { name: 'Keeper of keys', permissions: ['api_keys:manage', 'runs:read'] });
    const keeper = await plane.principal([]);
    await by(admin.key, 'POST', '/role-assignments', { principal_id: keeper.id, role: role.body['id'] });
    expect(await codeOf(by(keeper.key, 'POST', '/api-keys', { name: 'all of it', principal_id: robot }))).toBe('scope_too_wide');
    expect((await by(keeper.key, 'POST', '/api-keys', { name: 'a bit of it', principal_id: robot, scopes: ['runs:read'] })).status).toBe(201);
    // It may be given more one day, by somebody who does not know of the key.
    const { id: idle } = await plane.principal([], plane.tenant, 'service');
    expect(await codeOf(by(keeper.key, 'POST', '/api-keys', { name: 'to be', principal_id: idle }))).toBe('scope_too_wide');
    expect(await codeOf(by(keeper.key, 'POST', '/api-keys', { name: 'to be', principal_id: idle, scopes: ['roles:grant'] }))).toBe('scope_too_wide');
    const { id } = await newKey(admin.key, { principal_id: robot });
    expect(await codeOf(by(keeper.key, 'POST', `/api-keys/${id}/rotate`, {}))).toBe('scope_too_wide');
    expect((await by(keeper.key, 'DELETE', `/api-keys/${id}`)).status).toBe(204);
  });

  test('is replaced while both work, and the old one ends with the overlap', async () => {
    const { id, key } = await newKey(admin.key, { scopes: ['runs:read'] });
    const rotated = await by(admin.key, 'POST', `/api-keys/${id}/rotate`, { overlap_s: 3_600 });
    expect(rotated.body).toMatchObject({ name: 'a key', scopes: ['runs:read'] });
    expect([(await by(key, 'GET', '/runs')).status, (await by(String(rotated.body['key']), 'GET', '/runs')).status]).toEqual([200, 200]);
    expect(await codeOf(by(admin.key, 'POST', `/api-keys/${id}/rotate`, {}))).toBe('api_key_already_rotated');
    await change(`UPDATE control.api_keys SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2`, [plane.tenant.tenantId, id]);
    expect([(await by(key, 'GET', '/runs')).status, (await by(String(rotated.body['key']), 'GET', '/runs')).status]).toEqual([401, 200]);
    const { id: other, key: second } = await newKey(admin.key);
    const [one, two] = await Promise.all([by(admin.key, 'POST', `/api-keys/${other}/rotate`, { overlap_s: 0 }), by(admin.key, 'POST', `/api-keys/${other}/rotate`, { overlap_s: 0 })]);
    expect([one.status, two.status].toSorted()).toContain(201);
    expect([one.status, two.status].filter((status) => status === 201)).toHaveLength(1);
    expect((await by(second, 'GET', '/runs')).status).toBe(401);
  });

  test('ends at once when it is revoked, lives a year at most, and is known to nobody but its own and who manages keys', async () => {
    const [person, other] = [await plane.principal(['viewer']), await plane.principal(['viewer'])];
    const { id, key } = await newKey(person.key);
    expect(await codeOf(by(other.key, 'DELETE', `/api-keys/${id}`))).toBe('not_found');
    expect(await codeOf(by(other.key, 'GET', `/api-keys?principal_id=${person.id}`))).toBe('forbidden');
    expect((await by(admin.key, 'GET', `/api-keys?principal_id=${person.id}`)).body['items']).toHaveLength(2);
    expect(await codeOf(by(admin.key, 'POST', `/api-keys/${id}/rotate`, {}))).toBe('not_found');
    expect((await by(admin.key, 'DELETE', `/api-keys/${id}`)).status).toBe(204);
    expect((await by(key, 'GET', '/me')).status).toBe(401);
    expect(await codeOf(by(person.key, 'POST', '/api-keys', { name: 'for ever', expires_at: '2099-01-01T00:00:00Z' }))).toBe('key_lifetime_too_long');
    expect(await codeOf(by(person.key, 'POST', '/api-keys', { name: 'over', expires_at: '2020-01-01T00:00:00Z' }))).toBe('request_invalid');
  });
});

describe('a client', () => {
  const ask = async (form: Record<string, string>, headers: Record<string, string> = {}): Promise<ApiReply> =>
    plane.api('POST', '/api/v1/oauth/token', { key: null, body: new URLSearchParams(form).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
  const grant = { grant_type: 'client_credentials' };

  async function newClient(scopes: readonly string[], role = 'operator'): Promise<{ id: string; secret: string; robot: string }> {
    const robot = await newService(role);
    const { status, body } = await by(admin.key, 'POST', '/oauth-clients', { name: 'Nightly', principal_id: robot, scopes });
    expect(status).toBe(201);
    return { id: body['id'] as string, secret: body['client_secret'] as string, robot };
  }

  test('gets a token for its secret, in the header or in the body, for the scopes that it asks for', async () => {
    const { id, secret } = await newClient(['runs:read', 'runs:control']);
    const inBody = await ask({ ...grant, client_id: id, client_secret: secret, scope: 'runs:read' });
    expect(inBody.body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'runs:read' });
    expect(inBody.headers.get('cache-control')).toBe('no-store');
    const inHeader = await ask(grant, { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` });
    expect(inHeader.body).toMatchObject({ scope: 'runs:read runs:control' });
    const token = String(inBody.body['access_token']);
    expect((await by(token, 'GET', '/runs')).status).toBe(200);
    expect(await codeOf(by(token, 'POST', `/runs/${newId('run')}/cancel`, { reason: 'because' }))).toBe('scope_missing');
    expect(await codeOf(by(String(inHeader.body['access_token']), 'POST', `/runs/${newId('run')}/cancel`, { reason: 'because' }))).toBe('not_found');
    expect((await plane.auditEvents()).filter(({ type, data }) => type === 'access_token.issued' && data['source_id'] === id)).toHaveLength(2);
  });

  test.each([
    ['an unknown client', (id: string, secret: string) => ({ ...grant, client_id: newId('oauth_client'), client_secret: secret.replace(id, newId('oauth_client')) }), 401, 'invalid_client'],
    ['a secret that is wrong by a letter', (id: string, secret: string) => ({ ...grant, client_id: id, client_secret: `${secret.slice(0, -2)}${secret.at(-2) === 'A' ? 'B' : 'A'}${secret.at(-1)}` }), 401, 'invalid_client'],
    ['another client\'s id beside it', (_id: string, secret: string) => ({ ...grant, client_id: newId('oauth_client'), client_secret: secret }), 401, 'invalid_client'],
    ['no secret', (id: string) => ({ ...grant, client_id: id }), 401, 'invalid_client'],
    ['a scope that it was not given', (id: string, secret: string) => ({ ...grant, client_id: id, client_secret: secret, scope: 'runs:read keys:revoke' }), 400, 'invalid_scope'],
    ['another grant', (id: string, secret: string) => ({ grant_type: 'password', client_id: id, client_secret: secret }), 400, 'unsupported_grant_type'],
  ])('gets none for %s', async (_case, form, status, error) => {
    const { id, secret } = await newClient(['runs:read']);
    const refused = await ask(form(id, secret) as Record<string, string>);
    expect([refused.status, refused.body['error']]).toEqual([status, error]);
    if (error === 'invalid_client') expect(refused.body['error_description']).toBe('The client is not known, or its secret or assertion is wrong.');
  });

  test('sends each parameter once, and its secret in one place', async () => {
    const { id, secret } = await newClient(['runs:read']);
    const twice = await plane.api('POST', '/api/v1/oauth/token', { key: null, body: 'grant_type=client_credentials&grant_type=client_credentials', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect([twice.status, twice.body['error']]).toEqual([400, 'invalid_request']);
    const both = await ask({ ...grant, client_secret: secret }, { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` });
    expect([both.status, both.body['error']]).toEqual([400, 'invalid_request']);
  });

  test('has two secrets while it is rotated, and no token once it is disabled or its account is', async () => {
    const { id, secret, robot } = await newClient(['runs:read']);
    const rotated = await by(admin.key, 'POST', `/oauth-clients/${id}/rotate`, { overlap_s: 3_600 });
    const tokens = await Promise.all([secret, String(rotated.body['client_secret'])].map(async (one) => String((await ask({ ...grant, client_id: id, client_secret: one })).body['access_token'])));
    expect(await Promise.all(tokens.map(async (token) => (await by(token, 'GET', '/runs')).status))).toEqual([200, 200]);
    await change('UPDATE control.oauth_clients SET previous_until = clock_timestamp() WHERE tenant_id = $1 AND id = $2', [plane.tenant.tenantId, id]);
    expect((await ask({ ...grant, client_id: id, client_secret: secret })).status).toBe(401);
    await by(admin.key, 'PATCH', `/service-accounts/${robot}`, { disabled: true });
    expect(await Promise.all(tokens.map(async (token) => (await by(token, 'GET', '/runs')).status))).toEqual([401, 401]);
    await by(admin.key, 'PATCH', `/service-accounts/${robot}`, { disabled: false });
    expect(await Promise.all(tokens.map(async (token) => (await by(token, 'GET', '/runs')).status))).toEqual([200, 200]);
    await by(admin.key, 'PATCH', `/oauth-clients/${id}`, { disabled: true });
    expect(await Promise.all(tokens.map(async (token) => (await by(token, 'GET', '/runs')).status))).toEqual([401, 401]);
  });

  test('may end its token; whoever guesses at one learns nothing', async () => {
    const { id, secret } = await newClient(['runs:read']);
    const token = String((await ask({ ...grant, client_id: id, client_secret: secret })).body['access_token']);
    const revoke = (text: string): Promise<ApiReply> => plane.api('POST', '/api/v1/oauth/revoke', { key: null, body: new URLSearchParams({ token: text }).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    const guessed = `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`;
    expect((await revoke(guessed)).status).toBe(200);
    expect((await by(token, 'GET', '/runs')).status).toBe(200);
    expect((await revoke(token)).status).toBe(200);
    expect((await by(token, 'GET', '/runs')).status).toBe(401);
  });

  test('is given no more than its maker holds', async () => {
    const role = await by(admin.key, 'POST', '/roles', { name: 'Keeper of clients', permissions: ['service_accounts:manage', 'runs:read'] });
    const keeper = await plane.principal([]);
    await by(admin.key, 'POST', '/role-assignments', { principal_id: keeper.id, role: role.body['id'] });
    const robot = await newService('admin');
    expect(await codeOf(by(keeper.key, 'POST', '/oauth-clients', { name: 'x', principal_id: robot, scopes: ['keys:revoke'] }))).toBe('scope_too_wide');
    const { id } = await newClient(['keys:rotate'], 'admin');
    expect(await codeOf(by(keeper.key, 'POST', `/oauth-clients/${id}/rotate`, {}))).toBe('scope_too_wide');
  });
});

describe('a client with keys', () => {
  const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const ask = (form: Record<string, string>): Promise<ApiReply> =>
    plane.api('POST', '/api/v1/oauth/token', { key: null, body: new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } });

  interface Signer { readonly id: string; readonly secret: string; readonly name: string; readonly kid: string; readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'] }

  async function newSigner(alg = 'ES256'): Promise<Signer> {
    const robot = await newService('operator');
    const made = (await by(admin.key, 'POST', '/oauth-clients', { name: 'Signs', principal_id: robot, scopes: ['runs:read'] })).body;
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const added = await by(admin.key, 'POST', `/oauth-clients/${String(made['id'])}/keys`, { public_jwk: await exportJWK(publicKey) });
    expect(added).toMatchObject({ status: 201, body: { keys: [{ algorithm: alg }] } });
    return { id: String(made['id']), secret: String(made['client_secret']), name: String(added.body['assertion_client_id']), kid: (added.body['keys'] as Array<{ kid: string }>)[0]!.kid, privateKey };
  }

  function assertion({ name, kid, privateKey }: Signer, claims: Record<string, unknown> = {}, header: { alg?: string; kid?: string } = {}): Promise<string> {
    const now_s = Math.floor(Date.now() / 1_000);
    return new SignJWT({ iss: name, sub: name, aud: plane.config.publicUrl, iat: now_s, exp: now_s + 60, jti: newId('request'), ...claims }).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(privateKey);
  }

  const tokenFor = async (signer: Signer, claims: Record<string, unknown> = {}): Promise<ApiReply> => ask({ client_assertion_type: TYPE, client_assertion: await assertion(signer, claims) });

  test.each(['ES256', 'EdDSA', 'PS256'])('of %s gets tokens for what it signs, once each, and none for a secret any more', async (alg) => {
    const signer = await newSigner(alg);
    const signed = await assertion(signer, { aud: `${plane.config.publicUrl}/api/v1/oauth/token` }, { alg });
    const issued = await ask({ client_id: signer.name, client_assertion_type: TYPE, client_assertion: signed });
    expect(issued.body).toMatchObject({ token_type: 'Bearer', scope: 'runs:read' });
    expect((await by(String(issued.body['access_token']), 'GET', '/runs')).status).toBe(200);
    expect((await ask({ client_assertion_type: TYPE, client_assertion: signed })).body['error']).toBe('invalid_client');
    expect((await ask({ client_id: signer.id, client_secret: signer.secret })).body['error']).toBe('invalid_client');
    expect(await codeOf(by(admin.key, 'POST', `/oauth-clients/${signer.id}/rotate`, {}))).toBe('request_invalid');
  });

  test.each<[string, (signer: Signer) => Promise<string> | string]>([
    ['for another server', (signer) => assertion(signer, { aud: 'https://elsewhere.example' })],
    ['for another server as well', (signer) => assertion(signer, { aud: [plane.config.publicUrl, 'https://elsewhere.example'] })],
    ['that is over', (signer) => assertion(signer, { iat: Math.floor(Date.now() / 1_000) - 400, exp: Math.floor(Date.now() / 1_000) - 120 })],
    ['for an hour', (signer) => assertion(signer, { exp: Math.floor(Date.now() / 1_000) + 3_600 })],
    ['without an id', (signer) => assertion(signer, { jti: undefined })],
    ['of another subject', (signer) => assertion(signer, { sub: 'somebody' })],
    ['of another client', async (signer) => assertion({ ...signer, name: (await newSigner()).name })],
    ['of another tenant', (signer) => assertion({ ...signer, name: signer.name.replace(plane.tenant.tenantId, newId('tenant')) })],
    ['by another key', async (signer) => assertion({ ...signer, privateKey: (await generateKeyPair('ES256')).privateKey })],
    ['by a key that is not known', (signer) => assertion(signer, {}, { kid: 'unknown' })],
    ['with the public key as a secret', async (signer) => new SignJWT({ iss: signer.name, sub: signer.name, aud: plane.config.publicUrl, jti: '1' }).setProtectedHeader({ alg: 'HS256', kid: signer.kid }).setIssuedAt().setExpirationTime('1m').sign(Buffer.from(signer.kid))],
    ['that nobody has signed', async (signer) => `${Buffer.from(JSON.stringify({ alg: 'none', kid: signer.kid })).toString('base64url')}.${(await assertion(signer)).split('.')[1]}.`],
    ['that is nonsense', () => 'nonsense'],
  ])('gets none for an assertion %s', async (_what, make) => {
    const signer = await newSigner();
    const refused = await ask({ client_assertion_type: TYPE, client_assertion: await make(signer) });
    expect([refused.status, refused.body]).toEqual([401, { error: 'invalid_client', error_description: 'The client is not known, or its secret or assertion is wrong.' }]);
    expect((await tokenFor(signer)).status).toBe(200);
  });

  test('rotates with two keys; one that is removed ends what was issued, and without any there is neither key nor secret', async () => {
    const signer = await newSigner();
    const token = String((await tokenFor(signer)).body['access_token']);
    const next = await generateKeyPair('ES256', { extractable: true });
    const both = (await by(admin.key, 'POST', `/oauth-clients/${signer.id}/keys`, { public_jwk: await exportJWK(next.publicKey) })).body['keys'] as Array<{ kid: string }>;
    const second = { ...signer, privateKey: next.privateKey, kid: both.find(({ kid }) => kid !== signer.kid)!.kid };
    expect([(await tokenFor(signer)).status, (await tokenFor(second)).status]).toEqual([200, 200]);
    expect((await by(admin.key, 'DELETE', `/oauth-clients/${signer.id}/keys/${signer.kid}`)).status).toBe(204);
    expect((await by(admin.key, 'DELETE', `/oauth-clients/${signer.id}/keys/${signer.kid}`)).status).toBe(404);
    expect((await by(token, 'GET', '/runs')).status).toBe(401);
    expect([(await tokenFor(signer)).status, (await tokenFor(second)).status]).toEqual([401, 200]);
    await by(admin.key, 'DELETE', `/oauth-clients/${signer.id}/keys/${second.kid}`);
    expect((await ask({ client_id: signer.id, client_secret: signer.secret })).status).toBe(401);
    const secret = String((await by(admin.key, 'POST', `/oauth-clients/${signer.id}/rotate`, { overlap_s: 0 })).body['client_secret']);
    expect((await ask({ client_id: signer.id, client_secret: secret })).status).toBe(200);
  });

  test('is given public keys only, of kinds that are verified with, by who holds what it may do', async () => {
    const { id } = await newSigner();
    const add = (public_jwk: unknown, key = admin.key): Promise<ApiReply> => by(key, 'POST', `/oauth-clients/${id}/keys`, { public_jwk });
    const pair = await generateKeyPair('ES256', { extractable: true });
    const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
    for (const [jwk, code] of [[await exportJWK(pair.privateKey), 'private'], [{ kty: 'oct', k: 'c2VjcmV0' }, 'private'], [small, 'not_supported'], [{ kty: 'EC' }, 'not_a_key'], [{}, 'not_a_key']] as const) {
      expect((await add(jwk)).body['errors']).toMatchObject([{ field: '/public_jwk', code }]);
    }
    const viewer = await plane.principal(['viewer']);
    expect((await add(await exportJWK(pair.publicKey), viewer.key)).body['code']).toBe('forbidden');
  });
});
