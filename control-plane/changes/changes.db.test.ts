import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';

let plane: ControlPlaneUnderTest;
let [asking, deciding, granted] = [] as unknown as [TestPrincipal, TestPrincipal, TestPrincipal];
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  [asking, deciding, granted] = [await plane.principal(['admin']), await plane.principal(['approver']), await plane.principal([])];
  expect((await as(asking, 'PUT', '/authorization', { ...DEMANDS, four_eyes: ['roles:grant', 'workflows:publish'] })).status).toBe(200);
});
afterAll(() => plane.stop());

const DEMANDS = { four_eyes: [] as string[], min_strength: {}, max_sign_in_age_s: {}, break_glass: { roles: ['operator'], max_duration_s: 3_600 } };
const as = (who: TestPrincipal, method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<ApiReply> =>
  plane.api(method, `/api/v1${path}`, { key: who.key, headers, ...(json === undefined ? {} : { json }) });
const change = (text: string, values: readonly unknown[]): Promise<number> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${text.slice(0, 50)}`, text }, values));
const rolesOf = async (who: TestPrincipal): Promise<unknown> => (await as(who, 'GET', '/me')).body['roles'];

async function ask(role: string): Promise<{ id: string; digest: string }> {
  const held = await as(asking, 'POST', '/role-assignments', { principal_id: granted.id, role });
  expect([held.status, held.body['code']]).toEqual([409, 'second_person_required']);
  const id = held.body['change_request_id'] as string;
  return { id, digest: (await as(deciding, 'GET', `/change-requests/${id}`)).body['digest'] as string };
}

describe('a change that two people make', () => {
  test('waits, shows what would be done, and is carried out for who asked once another agrees', async () => {
    const { id, digest } = await ask('viewer');
    expect(await rolesOf(granted)).toEqual([]);
    const shown = await as(deciding, 'GET', `/change-requests/${id}`);
    expect(shown.body).toMatchObject({ state: 'pending', operation: 'grantRole', permission: 'roles:grant', requested_by: asking.id, may_decide: true, call: { body: { principal_id: granted.id, role: 'viewer' } } });
    const done = await as(deciding, 'POST', `/change-requests/${id}/approve`, { digest, reason: 'Joins the team' });
    expect(done.body).toMatchObject({ state: 'executed', decided_by: deciding.id, result: { status: 201 }, call: null });
    expect(await rolesOf(granted)).toEqual(['viewer']);
    expect(await plane.auditTypes(id)).toEqual(['change_request.created', 'change_request.approved', 'change_request.executed']);
    const given = (await plane.auditEvents()).find((event) => event.type === 'role.granted' && event.subject.id === granted.id);
    expect(given).toMatchObject({ actor: { id: asking.id } });
  });

  test('is decided by nobody who asked for it, by nobody without the permission, and not by another digest', async () => {
    const { id, digest } = await ask('operator');
    expect((await as(asking, 'POST', `/change-requests/${id}/approve`, { digest })).body['code']).toBe('own_change');
    expect((await as(granted, 'POST', `/change-requests/${id}/approve`, { digest })).body['code']).toBe('forbidden');
    expect((await as(granted, 'GET', `/change-requests/${id}`)).body['code']).toBe('not_found');
    expect((await as(deciding, 'POST', `/change-requests/${id}/approve`, { digest: `sha256:${'0'.repeat(64)}` })).body['code']).toBe('precondition_failed');
    const service = await plane.principal(['approver'], plane.tenant, 'service');
    expect((await as(service, 'POST', `/change-requests/${id}/approve`, { digest })).body['code']).toBe('forbidden');
    expect((await as(deciding, 'POST', `/change-requests/${id}/reject`, { digest, reason: 'Not now' })).body['state']).toBe('rejected');
    expect((await as(deciding, 'POST', `/change-requests/${id}/approve`, { digest })).body['code']).toBe('change_request_state');
    expect(await rolesOf(granted)).toEqual(['viewer']);
  });

  test('is carried out once, however many agree at once', async () => {
    const { id, digest } = await ask('auditor');
    const others = await Promise.all(Array.from({ length: 4 }, () => plane.principal(['approver'])));
    const answers = await Promise.all(others.map((who) => as(who, 'POST', `/change-requests/${id}/approve`, { digest })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    expect((await plane.auditTypes(id)).filter((type) => type === 'change_request.executed')).toHaveLength(1);
  });

  test('that a program asks for is decided by nobody who could have asked as it', async () => {
    const owner = await plane.principal(['admin']);
    const program = await plane.principal(['admin'], plane.tenant, 'service');
    const byKey = String((await as(owner, 'POST', '/api-keys', { name: 'mine', principal_id: program.id })).body['key']);
    const held = await plane.api('POST', '/api/v1/role-assignments', { key: byKey, json: { principal_id: granted.id, role: 'policy-admin' } });
    const id = String(held.body['change_request_id']);
    const shown = (await as(owner, 'GET', `/change-requests/${id}`)).body;
    expect(shown).toMatchObject({ requested_by: program.id, may_decide: false });
    const approve = (who: TestPrincipal): Promise<ApiReply> => as(who, 'POST', `/change-requests/${id}/approve`, { digest: shown['digest'] });
    expect((await approve(owner)).body['code']).toBe('own_change');
    // Who was shown a secret once could keep it, whatever became of it since.
    const rotator = await plane.principal(['admin']);
    const client = String((await as(owner, 'POST', '/oauth-clients', { name: 'Deployer', principal_id: program.id, scopes: ['roles:grant'] })).body['id']);
    expect((await as(rotator, 'POST', `/oauth-clients/${client}/rotate`, {})).status).toBe(201);
    expect((await as(owner, 'DELETE', `/oauth-clients/${client}`)).status).toBe(204);
    expect((await approve(rotator)).body['code']).toBe('own_change');
    expect((await approve(deciding)).body).toMatchObject({ state: 'executed', decided_by: deciding.id });
  });

  test('is not made alone by another way to the same end', async () => {
    const invited = await as(asking, 'POST', '/invitations', { email: 'puppet@example.com', display_name: 'Puppet', roles: ['approver'] });
    expect(invited.body).toMatchObject({ code: 'request_invalid', errors: [{ field: '/roles', code: 'second_person' }] });
    expect((await as(asking, 'POST', '/invitations', { email: 'guest@example.com', display_name: 'Guest', roles: [] })).status).toBe(201);
    const group = String((await as(asking, 'POST', '/groups', { name: 'Deciders' })).body['id']);
    expect((await as(asking, 'PATCH', `/groups/${group}`, { members: [granted.id] })).body['code']).toBe('second_person_required');
    // Whoever could turn it off alone would not be held by it.
    expect((await as(asking, 'PUT', '/authorization', DEMANDS)).body['code']).toBe('second_person_required');
  });

  test('may be taken back by who asked, and by nobody else', async () => {
    const { id, digest } = await ask('operator');
    expect((await as(deciding, 'POST', `/change-requests/${id}/withdraw`)).body['code']).toBe('not_found');
    expect((await as(asking, 'POST', `/change-requests/${id}/withdraw`)).body['state']).toBe('withdrawn');
    expect((await as(deciding, 'POST', `/change-requests/${id}/approve`, { digest })).body['code']).toBe('change_request_state');
  });

  test('fails, and says why, when who asked may no longer do it', async () => {
    const leaving = await plane.principal(['admin']);
    const held = await as(leaving, 'POST', '/role-assignments', { principal_id: granted.id, role: 'author' });
    const id = held.body['change_request_id'] as string;
    const { digest } = (await as(deciding, 'GET', `/change-requests/${id}`)).body as { digest: string };
    await change('DELETE FROM control.role_assignments WHERE tenant_id = $1 AND principal_id = $2', [plane.tenant.tenantId, leaving.id]);
    expect((await as(deciding, 'POST', `/change-requests/${id}/approve`, { digest })).body).toMatchObject({ state: 'failed', result: { code: 'forbidden' } });
  });

  test('denies when its time is over', async () => {
    const { id, digest } = await ask('operator');
    await change('UPDATE control.change_requests SET expires_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2', [plane.tenant.tenantId, id]);
    expect((await as(deciding, 'GET', `/change-requests/${id}`)).body).toMatchObject({ state: 'expired', may_decide: false });
    expect((await as(deciding, 'POST', `/change-requests/${id}/approve`, { digest })).body['code']).toBe('change_request_state');
  });

  test('is sealed, and keeps nothing that shows who sent it', async () => {
    const { id } = await ask('operator');
    const row = await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.one<{ payload_sealed: Buffer; summary: object }>({ name: 'test.payload', text: 'SELECT payload_sealed, summary FROM control.change_requests WHERE tenant_id = $1 AND id = $2' }, [plane.tenant.tenantId, id]));
    const plain = Buffer.from(await plane.keys.unseal(plane.tenant.tenantId, 'identity', id, row.payload_sealed)).toString();
    expect(JSON.parse(plain)).toEqual({ operation: 'grantRole', path: {}, query: {}, headers: {}, body: { principal_id: granted.id, role: 'operator' } });
    expect(row.payload_sealed.includes(granted.id)).toBe(false);
  });
});

test('demands hold for what they name only, and cannot be set where they would never be asked for', async () => {
  expect((await as(asking, 'POST', '/roles', { name: 'Free', permissions: ['runs:read'] })).status).toBe(201);
  const elsewhere = await plane.principal(['admin'], await plane.otherTenant());
  expect((await as(elsewhere, 'PUT', '/authorization', { ...DEMANDS, four_eyes: ['runs:read'] })).body['code']).toBe('request_invalid');
  expect((await as(elsewhere, 'PUT', '/authorization', { ...DEMANDS, four_eyes: ['no:such'] })).body['code']).toBe('scope_unknown');
  expect((await as(deciding, 'PUT', '/authorization', DEMANDS)).body['code']).toBe('forbidden');
});

test('what cannot be undone may take two: an erasure, and the end of a hold on what it would take', async () => {
  const tenant = await plane.otherTenant();
  const [asker, other] = [await plane.principal(['admin'], tenant), await plane.principal(['approver'], tenant)];
  expect((await as(asker, 'PUT', '/authorization', { ...DEMANDS, four_eyes: ['erasure:request', 'legal_holds:manage'] })).status).toBe(200);
  const hold = await as(asker, 'POST', '/legal-holds', { scope: 'tenant', reason: 'A case goes on' });
  expect(hold.status).toBe(201);
  for (const [path, body] of [['/erasure-requests', { person: { terms: ['incident'] }, reason: 'They asked for it' }], [`/legal-holds/${String(hold.body['id'])}/release`, { reason: 'The case is over' }]] as const) {
    const held = await as(asker, 'POST', path, body);
    expect([path, held.body['code']]).toEqual([path, 'second_person_required']);
    const { digest } = (await as(other, 'GET', `/change-requests/${String(held.body['change_request_id'])}`)).body;
    expect((await as(other, 'POST', `/change-requests/${String(held.body['change_request_id'])}/reject`, { digest, reason: 'Not so' })).body['state']).toBe('rejected');
  }
  expect((await as(asker, 'GET', '/legal-holds')).body['items']).toMatchObject([{ released_at: null }]);
});

test('demands are set by who has read them, and where somebody else could agree', async () => {
  const [lonely, tenant] = [await plane.principal(['admin'], await plane.otherTenant()), '/authorization'];
  expect((await as(lonely, 'PUT', tenant, DEMANDS, { 'if-match': '"999"' })).body['code']).toBe('precondition_failed');
  const read = await as(lonely, 'GET', tenant);
  expect((await as(lonely, 'PUT', tenant, { ...DEMANDS, four_eyes: ['roles:grant'] })).body).toMatchObject({ code: 'request_invalid', errors: [{ field: '/four_eyes', code: 'nobody_else' }] });
  await plane.principal(['approver'], { ...lonely });
  expect((await as(lonely, 'PUT', tenant, { ...DEMANDS, four_eyes: ['roles:grant'] }, { 'if-match': read.headers.get('etag') ?? '' })).status).toBe(200);
});
