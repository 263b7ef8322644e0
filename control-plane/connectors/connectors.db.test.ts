import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { deskManifest } from '../testing/manifests.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

const publish = (manifest: unknown): Promise<ApiReply> => plane.api('POST', '/api/v1/connectors', { json: { manifest } });
const store = (name: string, kind: string, value: unknown): Promise<ApiReply> => plane.api('POST', '/api/v1/credentials', { json: { name, kind, value } });

describe('manifests', () => {
  test('are published once per version; the same content again is fine, other content is not', async () => {
    const first = await publish(deskManifest());
    expect(first.status).toBe(201);
    expect((await publish(deskManifest())).body).toEqual(first.body);
    expect((await publish({ ...deskManifest(), title: 'Other' })).body['code']).toBe('connector_version_changed');
    expect((await publish(deskManifest('1.1.0'))).status).toBe(201);
    expect(await plane.auditTypes('desk')).toEqual(['connector.published', 'connector.published']);
  });

  test.each<[string, unknown, string]>([
    ['no manifest at all', {}, '/manifest/name'],
    ['an unknown key', { ...deskManifest('2.0.0'), owner: 'me' }, '/manifest/owner'],
    ['a version that is none', deskManifest('latest'), '/manifest/version'],
    ['parameters that are no schema', { ...deskManifest('2.0.0'), actions: { x: { ...deskManifest().actions['ticket.get'], parameters: { type: 'object', properties: { a: { type: 'strin' } } } } } }, '/manifest/actions/x/parameters'],
  ])('%s is refused with the key named', async (_name, manifest, field) => {
    const reply = await publish(manifest);
    expect([reply.status, reply.body['code']]).toEqual([422, 'manifest_invalid']);
    expect((reply.body['errors'] as Array<{ field: string }>).map((error) => error.field)).toContain(field);
  });
});

describe('credentials', () => {
  test('go in sealed and never come out', async () => {
    const reply = await store('desk-login', 'basic', { username: 'integration', password: 'correct horse battery staple' });
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({
      id: expect.stringMatching(/^cred_/) as string, name: 'desk-login', kind: 'basic', version: 1, source: 'sealed', secret_ref: null, used_by: [],
      created_at: expect.any(String) as string, rotated_at: null, previous_until: null,
    });
    const { tenantId } = plane.tenant;
    const row = await plane.database.control.forTenant(tenantId, (tx) => tx.one<{ sealed: Buffer }>({ name: 'test.sealed', text: 'SELECT sealed FROM control.credentials WHERE tenant_id = $1 AND id = $2' }, [tenantId, reply.body['id']]));
    expect(row.sealed.toString('latin1')).not.toContain('horse');
    const plain = await plane.keys.unseal(tenantId, 'credential', String(reply.body['id']), row.sealed);
    expect(JSON.parse(Buffer.from(plain).toString())).toEqual({ username: 'integration', password: 'correct horse battery staple' });
    expect(JSON.stringify(await plane.auditEvents())).not.toContain('horse');
    expect((await store('desk-login', 'basic', { username: 'a', password: 'b' })).body['code']).toBe('name_taken');
  });

  test.each<[string, unknown, string]>([
    ['basic', { username: 'a' }, '/value/password'],
    ['basic', { username: 'a', password: 'b', token: 'c' }, '/value/token'],
    ['api_key', { header: 'x-key', value: 1 }, '/value/value'],
    ['webhook_secret', { secret: 'whsec_short' }, '/value/secret'],
  ])('%s with a wrong value names the field and not the value', async (kind, value, field) => {
    const reply = await store('wrong', kind, value);
    expect(reply.body['code']).toBe('request_invalid');
    expect((reply.body['errors'] as Array<{ field: string }>).map((error) => error.field)).toContain(field);
    expect(JSON.stringify(reply.body)).not.toContain('whsec_short');
  });
});

describe('instances', () => {
  const create = (changes: Record<string, unknown>, key?: string): Promise<ApiReply> =>
    plane.api('POST', '/api/v1/instances', { json: { connector: 'desk', connector_version: '1.0.0', name: `i${newId('request').slice(-8)}`, environment: 'prod', ...changes }, ...(key === undefined ? {} : { key }) });

  test('reach the host of their base URL and nothing else, and have a URL for webhooks', async () => {
    const reply = await create({ base_url: 'https://example.service-now.com/x' });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ allowed_hosts: [], enabled: true, webhook_url: `http://localhost:8080/api/v1/ingest/desk/${String(reply.body['id'])}` });
    expect((await create({ name: reply.body['name'] })).body['code']).toBe('name_taken');
    expect(((await plane.api('GET', '/api/v1/instances')).body['items'] as unknown[]).length).toBe(1);
  });

  test.each(['127.0.0.1', '10.1.2.3', '192.168.0.7', '::1', 'fd12::1'])('whose hosts nobody named are refused when their name is led to %s later; those that name the host are not', async (inside) => {
    const base_url = 'http://desk.example.com:9';
    const isRefused = async (changes: Record<string, unknown>): Promise<boolean> => {
      const { status, body } = await create({ base_url, ...changes });
      expect(status).toBe(201);
      const egress = createEgress({ baseUrl: base_url, allowedHosts: body['allowed_hosts'] as string[], resolver: async () => [inside], limits: { connect_timeout_ms: 50 } });
      const code = await egress.request({ method: 'GET', path: '/x' }).then(() => 'answered', (error: { code: string }) => error.code);
      await egress.close();
      return code === 'address_not_allowed';
    };
    expect([await isRefused({}), await isRefused({ allowed_hosts: [] }), await isRefused({ allowed_hosts: ['desk.example.com:9'] })]).toEqual([true, true, false]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['an unpublished version', { connector_version: '9.9.9' }, 'connector_unknown'],
    ['an unknown credential', { credential_id: newId('credential') }, 'credential_unknown'],
    ['a file URL', { base_url: 'file:///etc/passwd' }, 'request_invalid'],
    ['a password in the URL', { base_url: 'https://a:b@example.com' }, 'request_invalid'],
    ['an address inside that nobody named', { base_url: 'http://127.0.0.1:8090' }, 'request_invalid'],
    ['localhost, when nobody named it', { base_url: 'https://localhost' }, 'request_invalid'],
    ['an IPv6 address inside', { base_url: 'https://[::1]:8443' }, 'request_invalid'],
    ['a host without a port', { allowed_hosts: ['example.com'] }, 'request_invalid'],
    ['an allowed path with ..', { allowed_hosts: ['https://example.com:443/a/../b'] }, 'request_invalid'],
    ['an allowed host that the package does not declare', { base_url: 'https://example.com', allowed_hosts: ['example.com:443', 'elsewhere.com:443'] }, 'request_invalid'],
    ['allowed hosts without that of the base URL', { base_url: 'https://example.com', allowed_hosts: ['example.com:8443'] }, 'request_invalid'],
    ['a CA that is no PEM', { connection: { ca_pem: 'x' } }, 'request_invalid'],
    ['a proxy with a password', { connection: { proxy_url: 'http://a:b@proxy.example.com:3128' } }, 'request_invalid'],
    ['an allowed host of another protocol', { allowed_hosts: ['ftp://example.com:21'] }, 'request_invalid'],
    ['another environment', { environment: 'moon' }, 'request_invalid'],
    ['an unknown field', { verify_tls: false }, 'request_invalid'],
  ])('%s is refused', async (_name, changes, code) => {
    expect((await create(changes)).body['code']).toBe(code);
  });

  test('cannot use a credential of another kind, or of another tenant', async () => {
    const login = await store('for-kind', 'basic', { username: 'a', password: 'b' });
    expect((await create({ webhook_credential_id: login.body['id'] })).body['code']).toBe('credential_unknown');
    const stranger = await plane.principal(['admin'], await plane.otherTenant());
    await plane.api('POST', '/api/v1/connectors', { json: { manifest: deskManifest() }, key: stranger.key });
    expect((await create({ credential_id: login.body['id'] }, stranger.key)).body['code']).toBe('credential_unknown');
    expect((await plane.api('GET', '/api/v1/instances', { key: stranger.key })).body['items']).toEqual([]);
  });
});
