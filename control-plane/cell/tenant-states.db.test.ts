import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { createDesk } from '../testing/desk-instance.ts';
import type { DeskInstance } from '../testing/desk-instance.ts';
import { ServedTenants } from './tenant-states.ts';

let plane: ControlPlaneUnderTest;
let desk: DeskInstance;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_CELLS: 'us-2=https://us-2.example,eu-1=https://eu-1.example' });
  desk = await createDesk(plane);
});
afterAll(() => plane.stop());
afterEach(() => place({ state: 'active', cell: 'local', region: 'us', moved_to: null }));

async function place({ state, cell = 'local', region = 'us', moved_to = null }: { state: string; cell?: string; region?: string; moved_to?: string | null }): Promise<void> {
  await plane.database.control.forNoTenant((tx) => tx.change({ name: 'test.place', text: 'UPDATE control.tenant_directory SET state = $2, cell = $3, region = $4, moved_to = $5 WHERE tenant_id = $1' }, [plane.tenant.tenantId, state, cell, region, moved_to]));
}

let count = 0;
function webhook(): Promise<ApiReply> {
  count += 1;
  const [body, id, at] = [JSON.stringify({ id: `ticket-${count}`, number: `T${count}`, version: 0, operation: 'insert', changed_by: 'abel.tuter' }), randomUUID(), new Date()];
  return plane.api('POST', desk.path, { key: null, body, headers: { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': new Webhook(desk.secret).sign(id, at, body) } });
}

async function rows(): Promise<number> {
  const { tenantId } = plane.tenant;
  return (await plane.database.control.forTenant(tenantId, (tx) => tx.one<{ count: number }>({ name: 'test.rows', text: `
    SELECT ((SELECT count(*) FROM execution.deliveries) + (SELECT count(*) FROM audit.events WHERE type LIKE 'delivery.%'))::int AS count` }))).count;
}

/** As a process that has just started sees it. */
const served = (tenantId = plane.tenant.tenantId): Promise<void> => new ServedTenants({ database: plane.database.control, clock: systemClock, region: 'us', cell: 'local', cellUrls: plane.config.cellUrls }).refuseUnlessServed(tenantId);

test.each([
  ['another cell, without a move', { state: 'active', cell: 'us-2' }, { code: 'tenant_elsewhere', members: { cell_url: 'https://us-2.example' } }],
  ['another region', { state: 'active', cell: 'eu-1', region: 'eu' }, { code: 'tenant_elsewhere', members: { cell_url: 'https://eu-1.example' } }],
  ['the cell that it was moved to', { state: 'moved', moved_to: 'us-2' }, { code: 'tenant_elsewhere', members: { cell_url: 'https://us-2.example' } }],
  ['a cell that this one does not know', { state: 'moved', moved_to: 'us-9' }, { code: 'tenant_elsewhere', members: {} }],
  ['nowhere while it is moved', { state: 'moving' }, { code: 'unavailable', retryAfter_s: 30 }],
  ['nowhere while it is suspended', { state: 'suspended' }, { code: 'tenant_suspended' }],
  ['nowhere when it is deleted', { state: 'deleted' }, { code: 'tenant_suspended' }],
])('a tenant in %s is not served', async (_name, where, problem) => {
  await place(where);
  await expect(served()).rejects.toMatchObject(problem);
});

test('a tenant that is not there is for whoever asks who is asking', async () => {
  await expect(served(newId('tenant'))).resolves.toBeUndefined();
});

test('while a tenant is moved, neither its people, its programs nor its webhooks change anything; afterwards all work again', async () => {
  expect((await webhook()).status).toBe(202);
  const service = await plane.principal(['viewer'], plane.tenant, 'service');
  const client = (await plane.api('POST', '/api/v1/oauth-clients', { json: { name: 'Reader', principal_id: service.id, scopes: ['runs:read'] } })).body;
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: String(client['id']), client_secret: String(client['client_secret']) }).toString();
  const token = (): Promise<ApiReply> => plane.api('POST', '/api/v1/oauth/token', { key: null, body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  expect((await token()).status).toBe(200);
  await place({ state: 'moving' });
  await vi.waitFor(async () => expect((await plane.api('GET', '/api/v1/runs')).status).toBe(503), { timeout: 20_000 });
  const before = await rows();
  const refused = await webhook();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
  expect((await token()).body['code']).toBe('unavailable');
  expect(await rows()).toBe(before);
  await place({ state: 'active' });
  await vi.waitFor(async () => expect((await plane.api('GET', '/api/v1/runs')).status).toBe(200), { timeout: 20_000 });
  expect([(await webhook()).status, (await token()).status]).toEqual([202, 200]);
});
