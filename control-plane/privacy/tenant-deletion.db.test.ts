import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Verification } from '../audit/verification.ts';
import type { Principal } from '../identity/principal.ts';
import { openCellEnd } from '../tenant-move/cell-end.ts';
import { forgetMoved } from '../tenant-move/move-tenant.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { createDesk } from '../testing/desk-instance.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import { carryOutOne, referringFirst } from './deletion-job.ts';
import { forgetRows, listForgettable } from './repository-deletion.ts';

const [ANN, BOB] = [`cs_cell_${'a'.repeat(43)}`, `cs_cell_${'b'.repeat(43)}`];
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** Stands in names, reasons and texts of the tenant, sealed and in clear. */
const MARKER = 'Zylinderkopfdichtung';

let plane: ControlPlaneUnderTest;
let ring: OpenKeys;
let admin: Database;
let other: TestPrincipal;
let objects: FolderObjects;
let retained: string;
let tenantId: string;

const cell = (method: string, key: string, suffix = '', json?: object): Promise<ApiReply> => plane.api(method, `/api/v1/cell/tenants/${tenantId}${suffix}`, { key, ...(json === undefined ? {} : { json }) });
const ask = (key: string): Promise<ApiReply> => cell('DELETE', key, '', { reason: `The contract with ${MARKER} is over` });
const setState = async (state: string): Promise<void> => { expect((await cell('PATCH', ANN, '', { state })).status).toBe(200); };
const carryOut = (): Promise<boolean> => carryOutOne({ database: plane.database.control, keys: ring.keys, objects, clock: systemClock, log: createLogger('test', 'silent') }, tenantId);
const rows = <T extends object>(text: string, values: unknown[] = []): Promise<T[]> => admin.forNoTenant((tx) => tx.rows<T>({ name: `test.${digestOf(text).slice(-16)}`, text }, values));
const graceIsOver = (): Promise<unknown> => rows('UPDATE control.tenant_deletions SET due_at = clock_timestamp() WHERE tenant_id = $1', [tenantId]);

beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_CELL_KEY_SHA256: `ann=${sha256(ANN)},bob=${sha256(BOB)}` });
  tenantId = plane.tenant.tenantId;
  ring = await openKeys(plane.config.keys, { databaseUrl: plane.database.controlUrl });
  admin = new Database({ url: plane.database.adminUrl, applicationName: 'test', maxConnections: 2 });
  objects = new FolderObjects(plane.config.objectsFolder);
  other = await plane.principal(['admin'], await plane.otherTenant());
  await plantEverywhere();
}, 60_000);
afterAll(async () => {
  await Promise.all([admin.close(), ring.close()]);
  await plane.stop();
});

/** What a tenant leaves in the rows of a cell, by its API where that is quick. */
async function plantEverywhere(): Promise<void> {
  const { id, digest } = await seedApproval(plane);
  await plane.api('POST', `/api/v1/approvals/${id}/votes`, { key: (await plane.principal(['approver'])).key, json: { decision: 'reject', action_digest: digest, reason: `Because of the ${MARKER}` } });
  await plane.api('POST', '/api/v1/kill-switches', { json: { scope: 'workspace', reason: `The ${MARKER} leaks` } });
  await plane.api('POST', '/api/v1/api-keys', { json: { name: `for the ${MARKER}` } });
  await plane.api('POST', '/api/v1/workspaces', { json: { slug: MARKER.toLowerCase(), name: MARKER } });
  await createDesk(plane);
  const sealed = await plane.keys.seal(tenantId, 'approval', id, Buffer.from(JSON.stringify({ preview: { title: MARKER, fields: [], additions: [] }, target: { id: '1', label: 'T1', version: '3' } })));
  await rows(`UPDATE control.approvals SET preview_sealed = $2 WHERE id = $1`, [id, sealed]);
  await rows(`UPDATE control.principals SET display_name = $2, email = $3 WHERE tenant_id = $1`, [tenantId, `Ms. ${MARKER}`, null]);
  await rows(`UPDATE execution.runs SET subject_label = $2 WHERE tenant_id = $1`, [tenantId, MARKER]);
  await objects.put(`t/${tenantId}/evidence/${newId('run')}/1.zip`, Buffer.from(MARKER));
  retained = `t/${tenantId}/evidence/${newId('run')}/2.zip`;
  await objects.put(retained, Buffer.from(MARKER), { retainUntil: new Date(Date.now() + 86_400_000) });
}

/** Every row of every table as text, by table: what whoever has a dump reads. */
async function dump(): Promise<Map<string, string>> {
  const tables = await rows<{ name: string }>(`SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('control', 'execution', 'audit') ORDER BY 1`);
  const texts = new Map<string, string>();
  for (const { name } of tables) texts.set(name, (await rows<{ row: string }>(`SELECT t::text AS row FROM ${name} t ORDER BY 1`)).map(({ row }) => row).join('\n'));
  return texts;
}
const saying = (texts: ReadonlyMap<string, string>, needle: string): string[] => [...texts].filter(([, text]) => text.toLowerCase().includes(needle.toLowerCase())).map(([name]) => name);

describe('the deletion of a tenant', () => {
  test('is asked for when it is suspended and under no hold, and confirmed by another operator', async () => {
    expect((await cell('DELETE', plane.adminKey, '', { reason: 'Mine' })).status, 'tenants have no such path').toBe(404);
    expect((await cell('GET', ANN, '/deletion')).body['code']).toBe('not_found');
    expect((await ask(ANN)).body).toMatchObject({ code: 'tenant_state', detail: expect.stringContaining('Suspend it first') });
    const hold = await plane.api('POST', '/api/v1/legal-holds', { json: { scope: 'tenant', reason: 'A case' } });
    await setState('suspended');
    expect((await ask(ANN)).body['code']).toBe('legal_hold_active');
    await rows(`UPDATE control.legal_holds SET released_by = 'prn_x', released_at = clock_timestamp(), release_reason_digest = 'd' WHERE id = $1`, [hold.body['id']]);
    const asked = await ask(ANN);
    expect(asked).toMatchObject({ status: 202, body: { state: 'requested', requested_by: 'ann', confirmed_by: null } });
    expect(Math.round((Date.parse(String(asked.body['due_at'])) - Date.now()) / 86_400_000)).toBe(30);
    expect((await ask(BOB)).body, 'asked again it is as it is').toMatchObject({ id: asked.body['id'], requested_by: 'ann' });
    expect((await cell('POST', ANN, '/deletion/confirm')).body).toMatchObject({ code: 'own_change', detail: expect.stringContaining('ann asked for it') });
    await graceIsOver();
    expect(await carryOut(), 'nobody has confirmed it').toBe(false);
    expect(await cell('POST', BOB, '/deletion/confirm')).toMatchObject({ status: 200, body: { state: 'confirmed', confirmed_by: 'bob' } });
  });

  test('is taken back, and the tenant is as it was', async () => {
    expect(await cell('POST', ANN, '/deletion/cancel')).toMatchObject({ status: 200, body: { state: 'cancelled', cancelled_by: 'ann' } });
    expect((await cell('POST', ANN, '/deletion/cancel')).body['code']).toBe('tenant_state');
    expect(await carryOut()).toBe(false);
    await setState('active');
    await vi.waitFor(async () => expect((await plane.api('GET', '/api/v1/runs')).status).toBe(200), { timeout: 10_000 });
  });

  test('is not carried out before its grace is over, nor while a hold is on it, nor when it was made active again', async () => {
    await setState('suspended');
    await ask(BOB);
    await cell('POST', ANN, '/deletion/confirm');
    expect(await carryOut()).toBe(false);
    await graceIsOver();
    const id = newId('legal_hold');
    await rows(`INSERT INTO control.legal_holds (tenant_id, id, scope, target, reason_sealed, set_by) VALUES ($1, $2, 'tenant', $1, '\\x00', 'prn_x')`, [tenantId, id]);
    expect(await carryOut()).toBe(false);
    await rows('DELETE FROM control.legal_holds WHERE id = $1', [id]);
    await setState('active');
    expect(await carryOut()).toBe(false);
    await setState('suspended');
    expect(saying(await dump(), MARKER).length).toBeGreaterThan(5);
  });

  test('takes its rows only while it is carried out, and none of what must stay', async () => {
    const { control } = plane.database;
    const forget = (tenant: string, table: string): Promise<number> => control.forTenant(tenant, (tx) => forgetRows(tx, tenant, [table], 1));
    await expect(forget(tenantId, 'control.principals')).rejects.toMatchObject({ code: '42501' });
    await expect(control.forTenant(other.tenantId, (tx) => forgetRows(tx, tenantId, ['control.principals'], 1)), 'by whom acts for another').rejects.toMatchObject({ code: '42501' });
    const tables = await control.forNoTenant(listForgettable);
    const groups = referringFirst(tables).map((group) => group.map(({ name }) => name));
    const names = groups.flat();
    expect(groups.filter(({ length }) => length > 1)).toEqual([['execution.runs', 'execution.steps']]);
    expect(names.toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
    expect([names.length > 60, names.indexOf('execution.tool_calls') < names.indexOf('execution.runs'), names.indexOf('control.environments') < names.indexOf('control.workspaces')]).toEqual([true, true, true]);
    expect(['control.wrapped_keys', 'control.signing_keys', 'control.tenant_deletions', 'audit.events', 'audit.checkpoints'].filter((name) => names.includes(name))).toEqual([]);
  });

  test('leaves nothing that can be read with the database and the keys of the cell, names what a store retains, and harms nobody else', async () => {
    // Of the other tenant the cell has signed by now what it signs of every new one.
    await vi.waitFor(async () => expect(await rows('SELECT FROM control.policy_bundles WHERE tenant_id = $1', [other.tenantId])).toHaveLength(3), { timeout: 10_000 });
    const before = await dump();
    const othersOf = (texts: ReadonlyMap<string, string>): string[] => [...texts].filter(([name]) => name.startsWith('control.') && !/sessions|api_keys|rate_counters|directory|wrapped_keys/.test(name)).flatMap(([name, text]) => text.split('\n').filter((row) => row.includes(other.tenantId)).map((row) => `${name} ${row}`));
    const sealed = await plane.keys.seal(tenantId, 'content', 'copy', Buffer.from(MARKER));
    expect(await carryOut()).toBe(true);
    expect((await cell('GET', ANN, '/deletion')).body).toMatchObject({ state: 'carrying_out', objects_retained: 1, retained_until: expect.any(String), completed_at: null, keys_destroyed: expect.toSatisfy((count: number) => count > 0) });
    expect([await objects.has(retained), (await plane.api('GET', '/api/v1/runs')).status]).toEqual([true, 401]);
    await expect(ring.keys.unseal(tenantId, 'content', 'copy', sealed), 'what was copied before').rejects.toMatchObject({ code: 'key_shredded' });
    expect(await carryOut(), 'an hour later').toBe(false);

    await utimes(path.join(plane.config.objectsFolder, retained), 1, 1);
    // What no checkpoint covered at the first turn is ended by a later one.
    await vi.waitFor(async () => {
      await rows(`UPDATE control.tenant_deletions SET looked_at = NULL, objects_retained = 0 WHERE tenant_id = $1`, [tenantId]);
      await carryOut();
      expect((await cell('GET', ANN, '/deletion')).body).toMatchObject({ state: 'completed', objects_retained: 0 });
    }, { timeout: 20_000, interval: 500 });

    const after = await dump();
    expect(saying(after, MARKER)).toEqual([]);
    const left = saying(after, tenantId);
    expect(left.filter((name) => !name.startsWith('audit.'))).toEqual(['control.signing_keys', 'control.tenant_deletions', 'control.tenant_directory', 'control.tenants', 'control.wrapped_keys']);
    expect(await rows('SELECT FROM control.wrapped_keys WHERE tenant_id = $1 AND wrapped IS NOT NULL', [tenantId])).toEqual([]);
    const keys: string[] = [];
    for await (const key of objects.list(`t/${tenantId}/evidence/`)) keys.push(key);
    expect(keys).toEqual([]);
    expect(othersOf(after)).toEqual(othersOf(before));
    expect((await plane.api('GET', '/api/v1/approvals', { key: other.key })).status).toBe(200);
  }, 60_000);

  test('is proven: the chain verifies, and its last events say what was done', async () => {
    const verification = new Verification({ database: plane.database.control, witnessesOf: () => Promise.resolve([]) });
    const { body } = await verification.verifyAudit({ principal: plane.tenant as unknown as Principal, body: {}, signal: AbortSignal.timeout(10_000) } as Parameters<Verification['verifyAudit']>[0]);
    expect(body).toMatchObject({ verified: true, faults: [] });
    expect((await rows<{ type: string }>('SELECT DISTINCT type FROM audit.events WHERE tenant_id = $1 AND body IS NOT NULL ORDER BY 1', [tenantId])).map(({ type }) => type)).toEqual(['data_key.shredded', 'tenant.deleted', 'tenant.shredded']);
    expect((await cell('DELETE', ANN, '', { reason: 'Once more' })).status, 'it is gone').toBe(404);
    const end = await openCellEnd({ cell: plane.config.cell, region: 'us', adminUrl: plane.database.adminUrl, keys: plane.config.keys, objects: plane.config });
    expect(await forgetMoved({ tenantId, from: end }), 'its rows are gone; of its objects the checkpoints that were signed since').toMatchObject({ rows: 0, deleted: true });
    await expect(forgetMoved({ tenantId: other.tenantId, from: end })).rejects.toMatchObject({ code: 'usage' });
    await end.close();
    expect((await plane.api('GET', '/api/v1/cell/tenants', { key: BOB })).body['items']).toContainEqual(expect.objectContaining({ id: tenantId, state: 'deleted', slug: `deleted-${tenantId.slice(-26)}` }));
  });
});
