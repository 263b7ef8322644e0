import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { createDesk } from '../testing/desk-instance.ts';
import { seedApproval } from '../testing/seeded-run.ts';
import type { SeededApproval } from '../testing/seeded-run.ts';
import { openCellEnd } from './cell-end.ts';
import type { CellEnd } from './cell-end.ts';
import { digestRows } from './digest-rows.ts';
import { abandonMove, forgetMoved, moveTenant } from './move-tenant.ts';
import type { Moved, MoveOptions, MoveStage } from './move-tenant.ts';
import { findInDirectory, listTables } from './repository-move.ts';
import type { DirectoryRow } from './repository-move.ts';

/** Two control planes with databases, key files and objects of their own. A tenant goes to and fro between them. */
const CELLS = 'us-1=http://us-1.example,us-2=http://us-2.example';
const CELL_KEY = `cs_cell_${'m'.repeat(43)}`;
let one: ControlPlaneUnderTest;
let two: ControlPlaneUnderTest;
let ends: { one: CellEnd; two: CellEnd };
let approval: SeededApproval;
const routed: string[] = [];

const start = (cell: string): Promise<ControlPlaneUnderTest> => ControlPlaneUnderTest.start({ COUNTERSIGN_CELL: cell, COUNTERSIGN_TENANT_SLUG: `tenant-of-${cell}`, COUNTERSIGN_CELLS: CELLS, COUNTERSIGN_CHECKPOINT_SECONDS: '1', COUNTERSIGN_CELL_KEY_SHA256: createHash('sha256').update(CELL_KEY).digest('hex') });
const endOf = (plane: ControlPlaneUnderTest): Promise<CellEnd> => openCellEnd({ cell: plane.config.cell, region: 'us', adminUrl: plane.database.adminUrl, keys: plane.config.keys, objects: plane.config });

beforeAll(async () => {
  [one, two] = await Promise.all([start('us-1'), start('us-2')]);
  await createDesk(one);
  approval = await seedApproval(one);
  ends = { one: await endOf(one), two: await endOf(two) };
}, 60_000);
afterAll(async () => {
  await Promise.all([ends.one.close(), ends.two.close()]);
  await Promise.all([one.stop(), two.stop()]);
});

const move = (changes: Partial<MoveOptions> = {}): Promise<Moved> => moveTenant({
  tenantId: one.tenant.tenantId, from: ends.one, to: ends.two, withUncertain: false, drain_ms: 30_000, settle_ms: 1_200, onStage: () => undefined,
  tellRouter: ({ slug, cell }) => { routed.push(`${slug} ${cell}`); return Promise.resolve(); }, ...changes,
});
const placeIn = (end: CellEnd): Promise<DirectoryRow | undefined> => end.database.forNoTenant((tx) => tx.maybeOne<DirectoryRow>(findInDirectory, [one.tenant.tenantId]));
const rowsIn = async (end: CellEnd): Promise<number> => {
  const tables = await end.database.forNoTenant(listTables);
  const digests = await end.database.forTenant(one.tenant.tenantId, (tx) => digestRows(tx, tables, one.tenant.tenantId));
  return [...digests.values()].reduce((sum, { rows }) => sum + rows, 0);
};
const served = (plane: ControlPlaneUnderTest, status: number): Promise<Record<string, unknown>> => vi.waitFor(async () => {
  const reply = await plane.api('GET', `/api/v1/approvals/${approval.id}`, { key: one.adminKey });
  expect(reply.status).toBe(status);
  return reply.body;
}, { timeout: 10_000 });

describe('a move that does not come to its end', () => {
  test.each<MoveStage>(['frozen', 'verified'])('fails at %s: the tenant is served where it was, and nothing of it is in the other cell', async (at) => {
    await expect(move({ onStage: (stage) => { if (stage === at) throw new TypeError('the disk is full'); } })).rejects.toThrow('the disk is full');
    expect([await placeIn(ends.one), await placeIn(ends.two), await rowsIn(ends.two)]).toMatchObject([{ state: 'active' }, undefined, 0]);
    expect(await served(one, 200)).toMatchObject({ id: approval.id });
  }, 60_000);

  test.each([
    ['to another region', () => ({ to: { ...ends.two, region: 'eu' as const } }), 'regions_differ'], ['to itself', () => ({ to: ends.one }), 'same_cell'],
    ['of nobody', () => ({ tenantId: two.tenant.tenantId }), 'tenant_missing'],
    ['of a tenant that is somewhere else', () => ({ from: { ...ends.one, cell: 'us-9' } }), 'tenant_in_another_cell'],
  ])('%s is refused before anything is touched', async (_name, changes, code) => {
    await expect(move(changes())).rejects.toMatchObject({ code });
    expect(await placeIn(ends.one)).toMatchObject({ state: 'active' });
  });

  test('because a row changed while it was copied, is taken back', async () => {
    const meddle = async (): Promise<void> => { await ends.one.database.forTenant(one.tenant.tenantId, (tx) => tx.change({ name: 'test.meddle', text: `UPDATE control.tenants SET name = name || '!' WHERE tenant_id = $1` }, [one.tenant.tenantId])); };
    let meddling = Promise.resolve();
    await expect(move({ onStage: (stage) => { if (stage === 'imported') meddling = meddle(); } })).rejects.toMatchObject({ code: 'source_changed' });
    await meddling;
    expect(await placeIn(ends.one)).toMatchObject({ state: 'active' });
  }, 60_000);
});

describe('a process that is killed', () => {
  let killed: MoveStage | null = null;
  beforeEach(() => { killed = null; });
  afterEach(() => expect(killed).not.toBeNull());

  /** As a kill leaves it: nothing after the stage was done, the taking back neither. */
  async function diesAt(at: MoveStage): Promise<void> {
    const dead: CellEnd = { ...ends.one, database: Object.create(ends.one.database, { forTenant: { value: (...args: Parameters<CellEnd['database']['forTenant']>) => (killed === null ? ends.one.database.forTenant(...args) : Promise.reject(new TypeError('killed'))) }, forNoTenant: { value: (...args: Parameters<CellEnd['database']['forNoTenant']>) => (killed === null ? ends.one.database.forNoTenant(...args) : Promise.reject(new TypeError('killed'))) } }) as CellEnd['database'] };
    await expect(move({ from: dead, onStage: (stage) => { if (stage === at) { killed = stage; throw new TypeError('killed'); } } })).rejects.toThrow('killed');
  }

  test('before the tenant has left leaves it suspended, until the move is taken back', async () => {
    await diesAt('imported');
    expect(await placeIn(ends.one)).toMatchObject({ state: 'moving' });
    await served(one, 503);
    await abandonMove({ tenantId: one.tenant.tenantId, from: ends.one, to: ends.two });
    expect([await placeIn(ends.one), await rowsIn(ends.two)]).toMatchObject([{ state: 'active' }, 0]);
    await served(one, 200);
  }, 60_000);

  test('after it has left leaves it nowhere, until the move is done again, which finishes it: nothing is lost, and everything is readable there', async () => {
    const before = await rowsIn(ends.one);
    await diesAt('left');
    expect([await placeIn(ends.one), await placeIn(ends.two)]).toMatchObject([{ state: 'moved', moved_to: 'us-2' }, { state: 'moving' }]);
    const { rows, objects } = await move();
    expect(rows).toBeGreaterThan(before);
    expect(objects).toBeGreaterThan(0);
    expect([await placeIn(ends.one), await placeIn(ends.two)]).toMatchObject([{ state: 'moved' }, { state: 'active', cell: 'us-2', slug: 'tenant-of-us-1' }]);
    expect(routed).toEqual(['tenant-of-us-1 us-2']);
    // The key of the tenant works there, what was sealed opens there, and who asks here is told where.
    expect(await served(two, 200)).toMatchObject({ id: approval.id, preview: { title: 'Change ticket-1' } });
    expect(await served(one, 421)).toMatchObject({ code: 'tenant_elsewhere', cell_url: 'http://us-2.example' });
    const types = await ends.two.database.forTenant(one.tenant.tenantId, (tx) => tx.rows<{ type: string }>({ name: 'test.moves', text: `SELECT type FROM audit.events WHERE tenant_id = $1 AND type LIKE 'tenant.moved%' ORDER BY recorded_at DESC LIMIT 2` }, [one.tenant.tenantId]));
    expect(types.map(({ type }) => type)).toEqual(['tenant.moved_in', 'tenant.moved_out']);
    expect(await move(), 'done once more, it is done').toMatchObject({ rows, objects });
    const listed = async (plane: ControlPlaneUnderTest, query = ''): Promise<unknown> => (await plane.api('GET', `/api/v1/cell/tenant-moves${query}`, { key: CELL_KEY })).body['items'];
    const newest = { tenant_id: one.tenant.tenantId, slug: 'tenant-of-us-1', state: 'cut_over', from_cell: 'us-1', to_cell: 'us-2', rows, objects };
    expect([(await listed(one) as object[])[0], await listed(two, `?tenant_id=${one.tenant.tenantId}`), await listed(two, `?tenant_id=${two.tenant.tenantId}`)]).toMatchObject([newest, [newest], []]);
    expect((await one.api('GET', '/api/v1/cell/tenant-moves')).status, 'tenants have no such path').toBe(404);
  }, 60_000);
});

test('what has left is removed from the cell before, which still knows where it went; and it can come back', async () => {
  const { rows } = await forgetMoved({ tenantId: one.tenant.tenantId, from: ends.one });
  expect(rows).toBeGreaterThan(0);
  expect([await rowsIn(ends.one), await placeIn(ends.one)]).toMatchObject([0, { state: 'moved', moved_to: 'us-2' }]);
  await move({ from: ends.two, to: ends.one });
  expect(await served(one, 200)).toMatchObject({ id: approval.id });
  expect(await served(two, 421)).toMatchObject({ cell_url: 'http://us-1.example' });
}, 60_000);
