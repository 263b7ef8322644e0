import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { signedInBrowser } from '../identity/testing/browser.ts';
import { apiKeyToken, newSecret } from '../identity/tokens.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let key: string;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  key = String((await plane.api('POST', '/api/v1/api-keys', { json: { name: 'directory', scopes: ['scim:manage'] } })).body['key']);
});
afterAll(() => plane.stop());

const scim = (method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<ApiReply> =>
  plane.api(method, `/scim/v2${path}`, { key, headers: { ...(json === undefined ? {} : { 'content-type': 'application/scim+json' }), ...headers }, ...(json === undefined ? {} : { json }) });
const newUser = (userName: string, more: Record<string, unknown> = {}) => ({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName, name: { givenName: 'Given', familyName: 'Family' }, emails: [{ value: `${userName}@example.com`, primary: true }], ...more });
const patch = (...Operations: unknown[]) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });

describe('Users', () => {
  test('are made, found, changed and let go of', async () => {
    const made = await scim('POST', '/Users', newUser('ada', { externalId: 'ext-ada', password: 'ignored', title: 'ignored' }));
    expect([made.status, made.headers.get('content-type'), made.headers.get('location')]).toEqual([201, 'application/scim+json', `http://localhost:8080/scim/v2/Users/${String(made.body['id'])}`]);
    expect(made.body).toMatchObject({ userName: 'ada', displayName: 'Given Family', active: true, externalId: 'ext-ada', emails: [{ value: 'ada@example.com' }], groups: [], meta: { resourceType: 'User', version: 'W/"3"' } });
    expect(made.body).not.toHaveProperty('password');
    const id = String(made.body['id']);

    for (const filter of ['userName eq "ADA"', 'externalId eq "ext-ada"', 'emails.value eq "Ada@Example.com"', `id eq "${id}" and active eq true`]) {
      expect((await scim('GET', `/Users?${new URLSearchParams({ filter }).toString()}`)).body).toMatchObject({ totalResults: 1, Resources: [{ id }] });
    }
    expect((await scim('GET', '/Users?filter=userName%20eq%20%22a%00%22')).body).toMatchObject({ status: '400', scimType: 'invalidValue' });
    expect((await scim('GET', '/Users?filter=userName%20eq%20%22nobody%22')).body).toMatchObject({ totalResults: 0, Resources: [] });
    expect((await scim('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'False' }))).body).toMatchObject({ active: false });
    expect((await scim('PUT', `/Users/${id}`, newUser('ada', { displayName: 'Ada L' }))).body).toMatchObject({ active: true, displayName: 'Ada L' });
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await scim('GET', `/Users/${id}`)).status).toBe(404);
    expect((await plane.api('GET', `/api/v1/people/${id}`)).body).toMatchObject({ state: 'disabled', provisioned: false });
    // Who comes back is who they were.
    expect((await scim('POST', '/Users', newUser('ada'))).body).toMatchObject({ id, active: true });
  });

  test('that are disabled are signed out at once', async () => {
    const made = await scim('POST', '/Users', newUser('grace'));
    const person = { ...plane.tenant, id: String(made.body['id']), key: '' };
    const browser = await signedInBrowser(plane, person);
    expect((await browser.api('GET', '/api/v1/me')).status).toBe(200);
    await scim('PATCH', `/Users/${person.id}`, patch({ op: 'replace', value: { active: false } }));
    expect((await browser.api('GET', '/api/v1/me')).status).toBe(401);
    expect(await plane.auditTypes(person.id)).toEqual(['principal.created', 'principal.changed', 'principal.disabled']);
  });

  test('that were erased are nobody\'s memory: sent again they are somebody new, without a role, and the audit says so', async () => {
    const sent = newUser('erased-one');
    const id = String((await scim('POST', '/Users', sent)).body['id']);
    const request = await plane.api('POST', '/api/v1/erasure-requests', { json: { person: { principal_id: id }, reason: 'Asked for by letter' } });
    await vi.waitFor(async () => expect((await plane.api('GET', `/api/v1/erasure-requests/${String(request.body['id'])}`)).body['state']).toBe('running'), { timeout: 30_000 });
    expect((await scim('PUT', `/Users/${id}`, sent)).status).toBe(404);
    const again = await scim('POST', '/Users', sent);
    expect(again.status).toBe(201);
    expect(again.body['id']).not.toBe(id);
    expect((await plane.auditTypes(String(again.body['id'])))[0]).toBe('principal.created');
    expect((await plane.api('GET', `/api/v1/people/${id}`)).body).toMatchObject({ state: 'disabled', provisioned: false });
  });

  test('that are let go of leave no way in behind for whoever comes back under the address', async () => {
    const id = String((await scim('POST', '/Users', newUser('leaver'))).body['id']);
    const inTenant = <Row extends object>(text: string, more: readonly unknown[] = []): Promise<Row[]> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows<Row>({ name: `test.${text.slice(0, 50)}`, text }, [plane.tenant.tenantId, id, ...more]));
    await inTenant(`INSERT INTO control.passkeys (tenant_id, id, principal_id, name, credential_id, public_key, counter, transports, backed_up, aaguid) VALUES ($1, $3, $2, 'A key', '\\x01', '\\x02', 0, '{}', false, '')`, [newId('passkey')]);
    const { secret, sha256 } = newSecret();
    const keyId = newId('api_key');
    await inTenant('INSERT INTO control.api_keys (tenant_id, principal_id, id, secret_sha256, name) VALUES ($1, $2, $3, $4, $5)', [keyId, sha256, 'A key']);
    const key = apiKeyToken(plane.tenant.tenantId, keyId, secret);
    expect((await plane.api('GET', '/api/v1/me', { key })).status).toBe(200);
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await scim('POST', '/Users', newUser('leaver'))).body).toMatchObject({ id, active: true });
    expect((await plane.api('GET', '/api/v1/me', { key })).status).toBe(401);
    expect(await inTenant('SELECT id FROM control.passkeys WHERE tenant_id = $1 AND principal_id = $2')).toEqual([]);
    expect(await plane.auditTypes(keyId)).toEqual(['api_key.revoked']);
  });

  test('are one each: by name, by address, and by the version that was read', async () => {
    const made = await scim('POST', '/Users', newUser('edsger'));
    const id = String(made.body['id']);
    expect((await scim('POST', '/Users', newUser('EDSGER', { emails: [] }))).body).toMatchObject({ status: '409', scimType: 'uniqueness' });
    expect((await scim('POST', '/Users', newUser('other', { emails: [{ value: 'edsger@example.com' }] }))).body).toMatchObject({ status: '409', scimType: 'uniqueness' });
    const version = String((made.body['meta'] as { version: string }).version);
    expect((await scim('PUT', `/Users/${id}`, newUser('edsger'), { 'if-match': version })).status).toBe(200);
    expect((await scim('PUT', `/Users/${id}`, newUser('edsger'), { 'if-match': version })).body).toMatchObject({ status: '412' });
  });

  test('come in pages', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await scim('POST', '/Users', newUser(name));
    const all = await scim('GET', '/Users?count=200');
    const total = Number(all.body['totalResults']);
    const page = await scim('GET', `/Users?startIndex=${total - 1}&count=5`);
    expect(page.body).toMatchObject({ totalResults: total, startIndex: total - 1, itemsPerPage: 2, Resources: [{ userName: 'page-2' }, { userName: 'page-3' }] });
    expect((await scim('GET', '/Users?count=0')).body).toMatchObject({ totalResults: total, Resources: [] });
  });
});

describe('Groups', () => {
  test('give what an admin has said to whom the directory puts into them', async () => {
    const [one, two] = await Promise.all(['barbara', 'dana'].map(async (name) => String((await scim('POST', '/Users', newUser(name))).body['id'])));
    const made = await scim('POST', '/Groups', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Approvers', externalId: 'g-1', members: [{ value: one }] });
    const id = String(made.body['id']);
    expect(made.body).toMatchObject({ displayName: 'Approvers', members: [{ value: one }] });
    await plane.api('PUT', `/api/v1/groups/${id}/roles`, { json: { roles: [{ workspace_id: plane.tenant.workspaceId, role: 'approver' }] } });
    const rolesOf = async (person: string | undefined): Promise<unknown> => ((await plane.api('GET', `/api/v1/people/${String(person)}`)).body['roles'] as Array<{ role: string }>).map(({ role }) => role);
    expect([await rolesOf(one), await rolesOf(two)]).toEqual([['approver'], []]);
    await scim('PATCH', `/Groups/${id}`, patch({ op: 'Add', path: 'members', value: [{ value: two }] }, { op: 'Remove', path: 'members', value: [{ value: one }] }));
    expect([await rolesOf(one), await rolesOf(two)]).toEqual([[], ['approver']]);
    expect((await scim('GET', `/Groups/${id}?excludedAttributes=members`)).body).not.toHaveProperty('members');
    expect((await plane.api('PATCH', `/api/v1/groups/${id}`, { json: { members: [] } })).body['code']).toBe('request_invalid');
    expect((await scim('DELETE', `/Users/${String(two)}`)).status).toBe(204);
    expect((await scim('GET', `/Groups/${id}`)).body).toMatchObject({ members: [] });
    expect((await scim('DELETE', `/Groups/${id}`)).status).toBe(204);
    expect((await scim('GET', `/Groups/${id}`)).status).toBe(404);
  });

  test('have members of this tenant', async () => {
    const stranger = await plane.principal(['viewer'], await plane.otherTenant());
    expect((await scim('POST', '/Groups', { displayName: 'Mixed', members: [{ value: stranger.id }] })).body).toMatchObject({ status: '400', scimType: 'invalidValue' });
  });
});

describe('SCIM', () => {
  test('says what it does', async () => {
    expect((await scim('GET', '/ServiceProviderConfig')).body).toMatchObject({ patch: { supported: true }, bulk: { supported: false }, etag: { supported: true } });
    expect((await scim('GET', '/ResourceTypes')).body).toMatchObject({ totalResults: 2 });
    expect((await scim('GET', '/Schemas')).body).toMatchObject({ totalResults: 2 });
  });

  test('is for keys with its scope, and answers in its own form', async () => {
    const [viewer, stranger] = [await plane.principal(['viewer']), await plane.principal(['admin'], await plane.otherTenant())];
    const id = String((await scim('POST', '/Users', newUser('mine'))).body['id']);
    expect((await plane.api('GET', '/scim/v2/Users', { key: null })).body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401', code: 'unauthenticated' });
    expect((await plane.api('GET', '/scim/v2/Users', { key: viewer.key })).body).toMatchObject({ status: '403' });
    expect((await plane.api('GET', `/scim/v2/Users/${id}`, { key: stranger.key })).body).toEqual((await plane.api('GET', `/scim/v2/Users/${newId('principal')}`, { key: stranger.key })).body);
    expect((await plane.api('GET', '/api/v1/people', { key })).body['code']).toMatch(/^(forbidden|scope_missing)$/);
  });

  test.each([['{', 400], ['{"userName":"x","userName":"y"}', 400], ['[]', 400], ['{"userName":7}', 400]])('refuses %s', async (body, status) => {
    const reply = await plane.api('POST', '/scim/v2/Users', { key, body, headers: { 'content-type': 'application/scim+json' } });
    expect([reply.status, reply.body['schemas']]).toEqual([status, ['urn:ietf:params:scim:api:messages:2.0:Error']]);
  });
});
