import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { postgresRateLimits } from '@countersign/platform/rate-limits/flexible-rate-limits.ts';
import { AUDITED_REFUSALS, RateLimit } from '../cell/rate-limit.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { QuotaCache } from './quota-cache.ts';
import { RequestCounter } from './request-counter.ts';

const CELL_KEY = `cs_cell_${'k'.repeat(43)}`;

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_CELL_KEY_SHA256: hash('sha256', CELL_KEY, 'hex') }); });
afterAll(() => plane.stop());

const operator = (method: string, path: string, json?: unknown): Promise<ApiReply> => plane.api(method, `/api/v1/cell/tenants${path}`, { key: CELL_KEY, ...(json === undefined ? {} : { json }) });
const newTenant = (slug: string): object => ({ slug, name: `The ${slug}`, region: 'us', administrator: { display_name: 'Its administrator', email: 'admin@example.com' } });

describe('the operator of the cell', () => {
  test('makes a tenant that is whole: its administrator signs in, its environments have policy, its audit says who made it', async () => {
    const made = await operator('POST', '', newTenant('acme'));
    expect(made).toMatchObject({ status: 201, body: { slug: 'acme', name: 'The acme', region: 'us', cell: 'local', state: 'active', ceilings: [] } });
    const token = String(made.body['sign_in_url']).split('#token=')[1];
    const signedIn = await plane.api('POST', '/api/v1/sign-in', { key: null, json: { token } });
    expect(signedIn).toMatchObject({ status: 200, body: { tenant: { slug: 'acme' }, workspace: { id: made.body['workspace_id'] } } });
    expect((await plane.api('POST', '/api/v1/sign-in', { key: null, json: { token } })).status).toBe(401);
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const workspaces = await plane.api('GET', '/api/v1/workspaces', { key: null, headers: { cookie } });
    expect(workspaces.body['items']).toEqual([expect.objectContaining({ is_home: true, environments: ['dev', 'staging', 'prod'].map((name) => expect.objectContaining({ name })) })]);
    const created = (await plane.auditEvents(String(made.body['id']))).filter(({ type }) => type === 'tenant.created');
    expect(created).toMatchObject([{ actor: { kind: 'system', id: 'cell-operator' }, subject: { id: made.body['id'] } }]);
    // Names and addresses of people are in no audit event.
    expect(JSON.stringify(await plane.auditEvents(String(made.body['id'])))).not.toMatch(/example\.com|Its administrator/);
  });

  test('finds, renames and suspends it, and serves it again; a slug is taken once, a region is the cell\'s', async () => {
    const { id } = (await operator('POST', '', newTenant('globex'))).body;
    expect(await operator('POST', '', newTenant('globex'))).toMatchObject({ status: 409, body: { code: 'tenant_slug_taken' } });
    expect(await operator('POST', '', { ...newTenant('initech'), region: 'eu' })).toMatchObject({ status: 421, body: { code: 'tenant_elsewhere' } });
    expect((await operator('GET', '?limit=1')).body).toMatchObject({ items: [{ id }], next_cursor: expect.any(String) });
    expect((await operator('PATCH', `/${String(id)}`, { name: 'Globex', state: 'suspended' })).body).toMatchObject({ name: 'Globex', state: 'suspended' });
    expect((await operator('GET', `/${String(id)}`)).body).toMatchObject({ name: 'Globex', state: 'suspended' });
    expect((await operator('PATCH', `/${String(id)}`, { state: 'active' })).body).toMatchObject({ state: 'active' });
    expect(await operator('GET', `/${newId('tenant')}`)).toMatchObject({ status: 404 });
    expect(await operator('GET', `/nonsense`)).toMatchObject({ status: 404 });
  });

  test('is nobody else: for tenants, and for keys that are almost right, there is no such path', async () => {
    for (const key of [plane.adminKey, null, `${CELL_KEY.slice(0, -1)}j`, 'nonsense']) {
      for (const [method, path, json] of [['GET', '', undefined], ['POST', '', newTenant('evil')], ['GET', `/${plane.tenant.tenantId}`, undefined], ['PATCH', `/${plane.tenant.tenantId}`, { state: 'suspended' }]] as const) {
        const reply = await plane.api(method, `/api/v1/cell/tenants${path}`, { key, ...(json === undefined ? {} : { json }) });
        expect([method, path, reply.status, reply.body['code']]).toEqual([method, path, 404, 'not_found']);
      }
    }
    expect(await plane.api('GET', '/api/v1/runs', { key: CELL_KEY })).toMatchObject({ status: 401 });
  });
});

describe('workspaces', () => {
  test('are made and renamed in the home workspace, where whoever makes one keeps the roles that they have', async () => {
    const made = await plane.api('POST', '/api/v1/workspaces', { json: { slug: 'finance', name: 'Finance' } });
    expect(made).toMatchObject({ status: 201, body: { slug: 'finance', is_home: false } });
    const id = String(made.body['id']);
    expect(await plane.api('POST', '/api/v1/workspaces', { json: { slug: 'finance', name: 'Again' } })).toMatchObject({ status: 409, body: { code: 'name_taken' } });
    expect(await plane.api('PATCH', `/api/v1/workspaces/${id}`, { json: { name: 'Treasury' } })).toMatchObject({ status: 200, body: { name: 'Treasury' } });
    const inThere = { headers: { 'countersign-workspace': id } };
    expect((await plane.api('GET', '/api/v1/me', inThere)).body).toMatchObject({ workspace: { id }, roles: expect.arrayContaining(['admin', 'viewer']) });
    expect(await plane.api('POST', '/api/v1/workspaces', { json: { slug: 'third', name: 'Third' }, ...inThere })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await plane.api('PATCH', `/api/v1/workspaces/${newId('workspace')}`, { json: { name: 'x' } })).toMatchObject({ status: 404 });
    expect(await plane.auditTypes(id)).toEqual(['workspace.created', 'workspace.changed']);
  });

  test('have environments, in the order of promotion, with what is in use in each; and one is home', async () => {
    const here = await plane.api('GET', '/api/v1/environments');
    expect(here.body['items']).toEqual(['dev', 'staging', 'prod'].map((name, index) => ({ id: expect.stringMatching(/^env_/), name, workspace_id: plane.tenant.workspaceId, ordinal: index + 1, active_workflows: 0, instances: 0 })));
    const { body } = await plane.api('GET', '/api/v1/me');
    expect((body['workspaces'] as Array<{ id: string; is_home: boolean }>).filter(({ is_home }) => is_home).map(({ id }) => id)).toEqual([plane.tenant.workspaceId]);
  });

  test('are archived when nothing is under way in them: there one reads and changes nothing, until it is restored', async () => {
    const id = String((await plane.api('POST', '/api/v1/workspaces', { json: { slug: 'attic', name: 'Attic' } })).body['id']);
    const put = (verb: string, workspaceId = id): Promise<ApiReply> => plane.api('POST', `/api/v1/workspaces/${workspaceId}/${verb}`, { json: { reason: 'The team has moved.' } });
    const deliver = (state: string): Promise<number> => plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change({ name: `test.${state}`, text: `
      INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, dedupe_key, source, payload, state)
      SELECT $1, 'dlv_x', $2, e.id, 'ins_x', 'desk', 'ticket.created', 's', 'd', 'webhook', '{}', 'accepted' FROM control.environments e WHERE e.workspace_id = $2 AND e.name = 'prod'
      ON CONFLICT ON CONSTRAINT deliveries_pk DO UPDATE SET state = '${state}', handled_at = clock_timestamp()` }, [plane.tenant.tenantId, id]));
    await deliver('accepted');
    expect(await put('archive')).toMatchObject({ status: 409, body: { code: 'workspace_in_use', detail: expect.stringContaining('1 events') } });
    await deliver('dropped');
    expect(await put('archive', plane.tenant.workspaceId)).toMatchObject({ status: 409, body: { code: 'workspace_in_use' } });
    expect(await put('archive')).toMatchObject({ status: 200, body: { archived_at: expect.any(String) } });
    expect((await put('archive')).status).toBe(200);

    const inThere = { headers: { 'countersign-workspace': id } };
    expect((await plane.api('GET', '/api/v1/runs', inThere)).status).toBe(200);
    expect(await plane.api('POST', '/api/v1/runs', { json: { workflow: 'none', trigger: {} }, ...inThere })).toMatchObject({ status: 409, body: { code: 'workspace_archived' } });
    expect((await plane.api('GET', '/api/v1/me')).body['workspaces']).not.toContainEqual(expect.objectContaining({ id }));

    expect(await put('restore')).toMatchObject({ status: 200, body: { archived_at: null } });
    expect((await plane.api('POST', '/api/v1/runs', { json: { workflow: 'none', trigger: {} }, ...inThere })).body).toMatchObject({ code: 'workflow_not_active' });
    expect(await plane.auditTypes(id)).toEqual(['workspace.created', 'workspace.changed', 'workspace.changed']);
    expect((await put('archive', newId('workspace'))).status).toBe(404);
  });

  test('a role that is given in another workspace goes into none that is made', async () => {
    const maker = await plane.principal(['admin']);
    const made = await plane.api('POST', '/api/v1/workspaces', { key: maker.key, json: { slug: 'ops-2', name: 'Ops 2' } });
    const { rows } = { rows: await plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows({ name: 'test.roles', text: 'SELECT principal_id, role FROM control.role_assignments WHERE workspace_id = $1' }, [made.body['id']])) };
    expect(rows).toEqual([{ principal_id: maker.id, role: 'admin' }]);
  });
});

describe('quotas', () => {
  test('are set below the ceiling of the cell, all at once, by whoever saw what they replace', async () => {
    const first = await plane.api('GET', '/api/v1/limits');
    expect(first.body['quotas']).toContainEqual({ name: 'workspaces', workspace_id: null, max: null, ceiling: null, used: expect.any(Number) });
    await operator('PATCH', `/${plane.tenant.tenantId}`, { ceilings: [{ name: 'workflows', max: 10 }] });
    const seen = await plane.api('GET', '/api/v1/limits');
    const etag = seen.headers.get('etag') ?? '';
    const put = (quotas: object[], ifMatch = etag): Promise<ApiReply> => plane.api('PUT', '/api/v1/limits', { json: { quotas }, headers: { 'if-match': ifMatch } });
    expect(await put([{ name: 'workflows', max: 11 }])).toMatchObject({ status: 400, body: { errors: [{ field: '/quotas/0/max', code: 'above_ceiling' }] } });
    expect(await put([{ name: 'workflows', max: 3 }, { name: 'workflows', max: 4 }])).toMatchObject({ status: 400, body: { errors: [{ code: 'repeated' }] } });
    expect(await put([{ name: 'active_runs', workspace_id: newId('workspace'), max: 3 }])).toMatchObject({ status: 400, body: { errors: [{ code: 'unknown' }] } });
    expect(await put([{ name: 'principals', workspace_id: plane.tenant.workspaceId, max: 3 }])).toMatchObject({ status: 400, body: { errors: [{ code: 'not_of_a_workspace' }] } });
    const set = await put([{ name: 'workflows', max: 3 }, { name: 'active_runs', workspace_id: plane.tenant.workspaceId, max: 7 }]);
    expect(set.body['quotas']).toEqual(expect.arrayContaining([
      { name: 'workflows', workspace_id: null, max: 3, ceiling: 10, used: 0 }, { name: 'active_runs', workspace_id: plane.tenant.workspaceId, max: 7, ceiling: null, used: 0 },
    ]));
    expect(await put([])).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect(await put([], set.headers.get('etag') ?? '')).toMatchObject({ status: 200 });
    expect(await plane.auditTypes('workflows')).toEqual(['quota.changed', 'quota.changed']);
  });

  test('of many who would make the last one, one does', async () => {
    const { used } = (await quotaOf('workspaces'))!;
    await operator('PATCH', `/${plane.tenant.tenantId}`, { ceilings: [{ name: 'workspaces', max: used + 1 }] });
    const replies = await Promise.all(Array.from({ length: 6 }, (_none, index) => plane.api('POST', '/api/v1/workspaces', { json: { slug: `raced-${index}`, name: 'Raced' } })));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([201, 429, 429, 429, 429, 429]);
    expect(replies.find(({ status }) => status === 429)?.body).toMatchObject({ code: 'quota_exceeded', policy: 'workspaces', limit: used + 1, used: used + 1 });
    await operator('PATCH', `/${plane.tenant.tenantId}`, { ceilings: [] });
  });

  test('a workflow more than there may be is not published; a new version of one that is there is', async () => {
    const publish = (name: string, for_ms: number): Promise<ApiReply> => plane.api('POST', '/api/v1/workflows', {
      headers: { 'content-type': 'application/yaml' },
      body: `apiVersion: countersign.dev/v1\nkind: Workflow\nmetadata: { name: ${name} }\nspec:\n  trigger: { schedule: { cron: "0 6 * * *", time_zone: UTC } }\n  steps:\n    - { id: pause, uses: wait, with: { for_ms: ${for_ms} } }\n`,
    });
    await operator('PATCH', `/${plane.tenant.tenantId}`, { ceilings: [{ name: 'workflows', max: 1 }] });
    expect([await publish('first', 1_000), await publish('second', 1_000), await publish('first', 2_000)]).toMatchObject([{ status: 201 }, { status: 429, body: { code: 'quota_exceeded', policy: 'workflows' } }, { status: 201 }]);
    await operator('PATCH', `/${plane.tenant.tenantId}`, { ceilings: [] });
  });

  test('runs by hand beyond those of a day, or open at a time, are refused with the time to wait', async () => {
    for (const name of ['runs_per_day', 'active_runs']) {
      await plane.api('PUT', '/api/v1/limits', { json: { quotas: [{ name, workspace_id: plane.tenant.workspaceId, max: 0 }] } });
      const refused = await plane.api('POST', '/api/v1/runs', { json: { workflow: 'none', trigger: {} } });
      expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded', policy: name, limit: 0, used: 0 } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await plane.api('PUT', '/api/v1/limits', { json: { quotas: [] } });
    expect((await plane.api('POST', '/api/v1/runs', { json: { workflow: 'none', trigger: {} } })).body).toMatchObject({ code: 'workflow_not_active' });
  });

  test('what is kept is counted when the quota is set, and runs over it are refused with what there is', async () => {
    const keep = { name: 'test.keep', text: `INSERT INTO execution.contents (tenant_id, id, kind, sealed, sha256, size_bytes, expires_at) VALUES ($1, $2, 'trigger', '\\x00', 'x', 700, clock_timestamp() + interval '1 day')` };
    await plane.database.execution.forTenant(plane.tenant.tenantId, (tx) => tx.change(keep, [plane.tenant.tenantId, newId('content')]));
    expect(await quotaOf('stored_bytes')).toMatchObject({ used: 700, max: null });
    const put = (max: number): Promise<ApiReply> => plane.api('PUT', '/api/v1/limits', { json: { quotas: [{ name: 'stored_bytes', max }] } });
    await put(700);
    const refused = await plane.api('POST', '/api/v1/runs', { json: { workflow: 'none', trigger: {} } });
    expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded', policy: 'stored_bytes', limit: 700, used: 700 } });
    await put(701);
    expect((await plane.api('POST', '/api/v1/runs', { json: { workflow: 'none', trigger: {} } })).body).toMatchObject({ code: 'workflow_not_active' });
    await plane.api('PUT', '/api/v1/limits', { json: { quotas: [] } });
  });

  async function quotaOf(name: string): Promise<{ used: number } | undefined> {
    const { body } = await plane.api('GET', '/api/v1/limits');
    return (body['quotas'] as Array<{ name: string; used: number }>).find((quota) => quota.name === name);
  }
});

describe('rates', () => {
  test('each answer says how much is left; whoever is over theirs waits, the others do not, and the audit says so', async () => {
    const tenant = await plane.otherTenant();
    const [busy, calm] = [await plane.principal(['viewer'], tenant), await plane.principal(['viewer'], tenant)];
    await operator('PATCH', `/${tenant.tenantId}`, { ceilings: [{ name: 'requests_per_minute_per_key', max: 3 }, { name: 'requests_per_minute', max: 5 }] });
    const replies = await inTurn([busy, busy, busy, busy, calm, calm, calm]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429, 200, 200, 429]);
    expect(replies[0]?.headers.get('ratelimit-policy')).toBe('"key";q=3;w=60, "tenant";q=5;w=60');
    expect(replies.map(({ headers }) => headers.get('ratelimit')?.replace(/t=\d+/, 't'))).toEqual(['"key";r=2;t', '"key";r=1;t', '"key";r=0;t', '"key";r=0;t', '"tenant";r=1;t', '"tenant";r=0;t', '"tenant";r=0;t']);
    expect([replies[3]?.body, replies[6]?.body]).toMatchObject([{ code: 'rate_limited', policy: 'key' }, { code: 'rate_limited', policy: 'tenant' }]);
    for (const index of [3, 6]) expect(Number(replies[index]?.headers.get('retry-after'))).toSatisfy((value: number) => value >= 1 && value <= 60);
    expect(await plane.auditTypes(busy.id, tenant.tenantId)).toEqual(['limit.exceeded']);
    expect((await plane.api('GET', '/api/v1/me')).status).toBe(200);
  });

  test('a workspace may be limited by its tenant', async () => {
    const tenant = await plane.otherTenant();
    const admin = await plane.principal(['admin'], tenant);
    await plane.api('PUT', '/api/v1/limits', { key: admin.key, json: { quotas: [{ name: 'requests_per_minute', workspace_id: tenant.workspaceId, max: 1 }] } });
    const replies = await inTurn([admin, admin]);
    expect(replies.map(({ status, body }) => [status, body['policy']])).toEqual([[200, undefined], [429, 'workspace']]);
  });

  test('requests that show no valid credentials are counted by address, sign-in too', async () => {
    await plane.restart({ requestRates: { ...plane.config.requestRates, address_per_minute: 2 } });
    await plane.database.control.forNoTenant((tx) => tx.change({ name: 'test.forget', text: 'DELETE FROM control.rate_counters' }));
    const replies = [];
    for (const key of [null, 'nonsense', null]) replies.push(await plane.api('GET', '/api/v1/me', { key }));
    expect(replies.map(({ status, body }) => [status, body['code'], body['policy']])).toEqual([[401, 'unauthenticated', undefined], [401, 'unauthenticated', undefined], [429, 'rate_limited', 'address']]);
    expect((await plane.api('POST', '/api/v1/sign-in', { key: null, json: { token: `cs_link_${newId('tenant')}_${'A'.repeat(43)}` } })).status).toBe(429);
    expect((await plane.api('GET', '/api/v1/me')).status).toBe(200);
    await plane.restart();
  });

  test('where nobody can count, requests pass: a limit allows nothing, so it refuses nothing either', async () => {
    const { control, execution } = plane.database;
    const counter = new RequestCounter({
      // This role may not touch the counters.
      rateLimits: postgresRateLimits(execution), database: control, quotas: new QuotaCache(control, systemClock), defaults: { requests_per_minute: 0 }, address_per_minute: 0,
      refusals: new RateLimit(systemClock, AUDITED_REFUSALS), clock: systemClock, log: createLogger('test', 'silent'),
    });
    expect(await counter.take(null, '203.0.113.9')).toEqual({});
  });

  async function inTurn(who: readonly TestPrincipal[]): Promise<ApiReply[]> {
    const replies = [];
    for (const { key } of who) replies.push(await plane.api('GET', '/api/v1/me', { key }));
    return replies;
  }
});
