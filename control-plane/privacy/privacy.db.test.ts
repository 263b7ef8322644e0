import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeArchive, encodeArchive } from '@countersign/contracts/evidence/archive.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { seedApproval } from '../testing/seeded-run.ts';

let plane: ControlPlaneUnderTest;
let auditor: TestPrincipal;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  auditor = await plane.principal(['auditor']);
});
afterAll(() => plane.stop());

const control = <T extends object>(text: string, values: unknown[] = []): Promise<T[]> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows<T>({ name: `test.${text.slice(0, 50)}`, text }, [plane.tenant.tenantId, ...values]));
const execution = <T extends object>(text: string, values: unknown[] = []): Promise<T[]> => plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.rows<T>({ name: `test.${text.slice(0, 50)}`, text }, [plane.tenant.tenantId, ...values]));

describe('retention', () => {
  const put = (json: object, headers: Record<string, string> = {}): Promise<ApiReply> => plane.api('PUT', '/api/v1/retention', { json, headers });

  test('is what the cell says until the tenant says something, which is audited and comes with an ETag', async () => {
    const before = await plane.api('GET', '/api/v1/retention', { key: auditor.key });
    expect(before).toMatchObject({ status: 200, body: { content_days: null, content_default_days: 14, operational_days: null, audit_days: null, set_by: null } });
    expect(before.headers.get('etag')).toBe('"0"');
    const after = await put({ content_days: 30, operational_days: 90, audit_days: 400 }, { 'if-match': '"0"' });
    expect(after).toMatchObject({ status: 200, body: { content_days: 30, operational_days: 90, audit_days: 400, set_by: expect.stringMatching(/^prn_/) } });
    expect((await put({ content_days: 1, operational_days: null, audit_days: null }, { 'if-match': '"0"' })).body['code']).toBe('precondition_failed');
    expect((await plane.auditEvents()).filter((event) => event.type === 'retention.changed').map((event) => event.data)).toEqual([
      { content_days: 30, operational_days: 90, audit_days: 400, version: 1, was_content_days: null, was_operational_days: null, was_audit_days: null },
    ]);
  });

  test.each([
    [{ content_days: -1, operational_days: null, audit_days: null }, 'request_invalid'], [{ content_days: null, operational_days: null, audit_days: 364 }, 'request_invalid'],
    [{ content_days: null, operational_days: 500, audit_days: 400 }, 'retention_invalid'], [{ content_days: 1 }, 'request_invalid'],
  ])('refuses %j', async (json, code) => {
    expect((await put(json)).body['code']).toBe(code);
  });

  test('is set by those who may', async () => {
    expect((await plane.api('PUT', '/api/v1/retention', { key: auditor.key, json: { content_days: 1, operational_days: null, audit_days: null } })).body['code']).toBe('forbidden');
  });
});

describe('a legal hold', () => {
  test('is set on what is there, says why to those who set holds, and is released once', async () => {
    const { runId } = await seedApproval(plane);
    const set = await plane.api('POST', '/api/v1/legal-holds', { json: { scope: 'run', target: runId, reason: 'Case 4711 against Erika' } });
    expect(set).toMatchObject({ status: 201, body: { scope: 'run', target: runId, reason: 'Case 4711 against Erika', released_at: null } });
    expect((await plane.api('GET', '/api/v1/legal-holds', { key: auditor.key })).body).toMatchObject({ items: [{ id: set.body['id'], reason: null }] });
    expect((await control('SELECT FROM control.legal_holds WHERE tenant_id = $1 AND legal_holds::text LIKE $2', ['%Erika%'])).length, 'why is sealed').toBe(0);
    const path = `/api/v1/legal-holds/${String(set.body['id'])}/release`;
    for (let twice = 0; twice < 2; twice += 1) expect(await plane.api('POST', path, { json: { reason: 'The case is over' } })).toMatchObject({ status: 200, body: { released_by: expect.stringMatching(/^prn_/) } });
    const told = (await plane.auditEvents()).filter((event) => event.type.startsWith('legal_hold.'));
    expect(told.map((event) => event.type)).toEqual(['legal_hold.set', 'legal_hold.released']);
    expect(JSON.stringify(told)).not.toContain('Erika');
  });

  test.each([['run', () => newId('run')], ['principal', () => newId('principal')], ['workspace', () => newId('workspace')], ['subject', () => undefined]])('on a %s that is not there is refused', async (scope, target) => {
    expect(await plane.api('POST', '/api/v1/legal-holds', { json: { scope, target: target(), reason: 'A case' } })).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
  });
});

describe('an erasure', () => {
  /** What workers do is tested where they are: here they find nothing. */
  const workersFindNothing = (): Promise<unknown> => execution(`UPDATE execution.erasure_tasks SET state = 'done', terms_sealed = NULL, done_at = clock_timestamp() WHERE tenant_id = $1`);
  const ask = (person: object): Promise<ApiReply> => plane.api('POST', '/api/v1/erasure-requests', { json: { person, reason: 'Asked for by letter' } });
  const until = (id: unknown, state: string): Promise<Record<string, unknown>> => vi.waitFor(async () => {
    const { body } = await plane.api('GET', `/api/v1/erasure-requests/${String(id)}`, { key: auditor.key });
    expect(body).toMatchObject({ state });
    return body;
  }, { timeout: 30_000, interval: 200 });

  async function person(name: string): Promise<TestPrincipal> {
    const made = await plane.principal(['approver']);
    await control(`UPDATE control.principals SET display_name = $3, email = $4 WHERE tenant_id = $1 AND id = $2`, [made.id, name, `${name.split(' ')[0]}@example.com`.toLowerCase()]);
    return made;
  }

  /** Bundles of runs that wrote her name back: one whose retention is over, one that its store keeps for a day, one of a run that is held, and somebody else's. */
  async function plantEvidence() {
    const objects = new FolderObjects(plane.config.objectsFolder);
    const until = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 86_400_000);
    const put = async (runId: string, text: string, options: { retainUntil?: Date } = {}): Promise<string> => {
      const key = `t/${plane.tenant.tenantId}/evidence/${runId}/${newId('evidence')}.zip`;
      await objects.put(key, encodeArchive(new Map([['actions/1.json', Buffer.from(JSON.stringify({ work_notes: text }))]])), options);
      return key;
    };
    const { runId } = await seedApproval(plane);
    const hold = String((await plane.api('POST', '/api/v1/legal-holds', { json: { scope: 'run', target: runId, reason: 'A case' } })).body['id']);
    return {
      objects, until, hold, old: await put(newId('run'), 'Erika Mustermann called'), held: await put(runId, 'erika@example.com'),
      retained: await put(newId('run'), 'For ERIKA MUSTERMANN', { retainUntil: until }), others: await put(newId('run'), 'Hannerika Mustermannheim called'),
    };
  }

  test('shuts a person out, takes them out of everything, and is proven; their id stays where it must', async () => {
    const erika = await person('Erika Mustermann');
    const [asked, other] = [await seedApproval(plane), await seedApproval(plane)];
    expect((await plane.api('POST', `/api/v1/approvals/${asked.id}/votes`, { key: erika.key, json: { decision: 'reject', action_digest: asked.digest, reason: 'Says Erika Mustermann' } })).status).toBe(201);
    expect((await plane.api('POST', `/api/v1/approvals/${other.id}/votes`, { json: { decision: 'reject', action_digest: other.digest, reason: 'erika@EXAMPLE.com has left; Hannerika Mustermannheim has not' } })).status).toBe(201);
    const sealed = await plane.keys.seal(plane.tenant.tenantId, 'approval', asked.id, Buffer.from(JSON.stringify({ fields: ['Call Erika Mustermann back'] })));
    await control('UPDATE control.approvals SET preview_sealed = $3 WHERE tenant_id = $1 AND id = $2', [asked.id, sealed]);

    const [grant, change, group] = [newId('break_glass'), newId('change_request'), newId('group')];
    const sealedFor = (id: string): Promise<Uint8Array> => plane.keys.seal(plane.tenant.tenantId, 'identity', id, Buffer.from('Because Erika Mustermann called'));
    await control(`INSERT INTO control.break_glass_grants (tenant_id, id, workspace_id, principal_id, role, reason_sealed, ends_at, ended_at, ended_because)
      VALUES ($1, $2, $3, $4, 'admin', $5, clock_timestamp(), clock_timestamp(), 'ended')`, [grant, plane.tenant.workspaceId, auditor.id, await sealedFor(grant)]);
    await control(`INSERT INTO control.change_requests (tenant_id, id, workspace_id, operation, payload_sealed, payload_digest, summary, requested_by, expires_at)
      VALUES ($1, $2, $3, 'updatePerson', $4, 'd', '{}', $5, clock_timestamp() + interval '1 hour')`, [change, plane.tenant.workspaceId, await sealedFor(change), auditor.id]);
    await control(`INSERT INTO control.groups (tenant_id, id, name, source) VALUES ($1, $2, 'Team of Erika Mustermann', 'local')`, [group]);

    const evidence = await plantEvidence();
    const request = await ask({ principal_id: erika.id });
    expect(request).toMatchObject({ status: 202, body: { state: 'requested', principal_id: erika.id, pseudonym: `person-${erika.id.slice(-8)}` } });
    await until(request.body['id'], 'running');
    expect((await plane.api('GET', '/api/v1/me', { key: erika.key })).status).toBe(401);
    await workersFindNothing();
    // What waits for a second person is waited for.
    await vi.waitFor(async () => expect(await control('SELECT name FROM control.groups WHERE tenant_id = $1 AND id = $2', [group])).toEqual([{ name: `(erased ${group})` }]), { timeout: 30_000 });
    expect((await plane.api('GET', `/api/v1/erasure-requests/${String(request.body['id'])}`)).body['state']).toBe('running');
    await control(`UPDATE control.change_requests SET state = 'expired', payload_sealed = NULL WHERE tenant_id = $1 AND id = $2`, [change]);
    // Evidence of a run that a hold is on is left until that is released.
    await vi.waitFor(async () => expect(await control('SELECT FROM control.erasure_findings WHERE tenant_id = $1 AND place = $2 AND row_id = $3', ['objects', evidence.old])).toHaveLength(1), { timeout: 30_000 });
    expect((await plane.api('GET', `/api/v1/erasure-requests/${String(request.body['id'])}`)).body['state']).toBe('running');
    await plane.api('POST', `/api/v1/legal-holds/${evidence.hold}/release`, { json: { reason: 'It is over' } });
    const done = await until(request.body['id'], 'completed');
    expect(await Promise.all([evidence.old, evidence.held, evidence.retained, evidence.others].map((key) => evidence.objects.has(key)))).toEqual([false, false, true, true]);
    expect(done).toMatchObject({ retained: { objects: 1, until: evidence.until.toISOString() } });
    const proof = await plane.api('GET', `/api/v1/evidence-packages/${String(done['evidence_package_id'])}/archive`, { key: auditor.key });
    const told = JSON.parse(Buffer.from(decodeArchive(proof.bytes).get('erasure.json')!).toString('utf8')) as { findings: Array<{ place: string }> };
    expect(told.findings.filter(({ place }) => place === 'objects')).toEqual([
      { place: 'objects', row_id: evidence.held, action: 'removed', retained_until: null }, { place: 'objects', row_id: evidence.old, action: 'removed', retained_until: null },
      { place: 'objects', row_id: evidence.retained, action: 'retained', retained_until: evidence.until.toISOString() },
    ].toSorted((a, b) => (a.row_id < b.row_id ? -1 : 1)));
    expect(await control('SELECT reason_sealed FROM control.break_glass_grants WHERE tenant_id = $1 AND id = $2', [grant])).toEqual([{ reason_sealed: null }]);
    expect(done).toMatchObject({ counts: { 'control.break_glass_grants': 1, 'control.groups': 1, 'control.principals': 1, 'control.api_keys': 1, 'control.role_assignments': 1, 'control.approval_votes': 2, 'control.approvals': 1 }, evidence_package_id: expect.stringMatching(/^evp_/) });

    expect(await control('SELECT display_name, email, disabled_at IS NOT NULL AS disabled FROM control.principals WHERE tenant_id = $1 AND id = $2', [erika.id])).toEqual([{ display_name: request.body['pseudonym'], email: null, disabled: true }]);
    expect(await control('SELECT principal_id, reason FROM control.approval_votes WHERE tenant_id = $1 AND principal_id = $2', [erika.id])).toEqual([{ principal_id: erika.id, reason: null }]);
    const tables = await control<{ name: string }>(`SELECT DISTINCT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('control', 'execution', 'audit') AND c.relkind = 'r' AND $1 <> '' AND has_table_privilege(c.oid, 'SELECT')`);
    expect(tables.length).toBeGreaterThan(60);
    for (const { name } of tables) expect([name, await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows({ name: `test.left.${name}`, text: `SELECT FROM ${name} t WHERE t::text ILIKE '%Erika Mustermann%' OR t::text ILIKE '%erika@example.com%'` }))]).toEqual([name, []]);
    expect((await plane.auditEvents()).filter((event) => event.type.startsWith('erasure.')).map((event) => event.type)).toEqual(['erasure.requested', 'erasure.completed']);
  }, 60_000);

  test('waits for a hold on the person, and goes on when it is released', async () => {
    const max = await person('Max Beispiel');
    const hold = await plane.api('POST', '/api/v1/legal-holds', { json: { scope: 'principal', target: max.id, reason: 'A case' } });
    const request = await ask({ email: 'MAX@example.com' });
    expect(await until(request.body['id'], 'held')).toMatchObject({ blocked_by: hold.body['id'], principal_id: max.id });
    expect((await plane.api('GET', '/api/v1/me', { key: max.key })).status).toBe(200);
    await plane.api('POST', `/api/v1/legal-holds/${String(hold.body['id'])}/release`, { json: { reason: 'It is over' } });
    await until(request.body['id'], 'running');
    await workersFindNothing();
    expect(await until(request.body['id'], 'completed')).toMatchObject({ blocked_by: null });
    expect((await plane.auditEvents()).filter((event) => event.type === 'erasure.blocked')).toHaveLength(1);
  }, 60_000);

  test('is refused where nobody is meant, and of the last admin', async () => {
    expect((await ask({})).body['code']).toBe('erasure_subject_unknown');
    expect((await ask({ principal_id: newId('principal') })).body['code']).toBe('erasure_subject_unknown');
    const { body } = await plane.api('GET', '/api/v1/me');
    expect((await ask({ principal_id: (body['principal'] as { id: string }).id })).body['code']).toBe('last_admin');
    expect((await plane.api('POST', '/api/v1/erasure-requests', { key: auditor.key, json: { person: { terms: ['abc'] }, reason: 'A letter' } })).status).toBe(403);
  });
});
