import { hash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chainOf, FIRST_PREV_HASH } from '@countersign/contracts/events/audit-event.ts';
import { FIRST_PREVIOUS, originOf, parseCheckpointNote } from '@countersign/contracts/transparency/checkpoint.ts';
import { EMPTY_FRONTIER, grow, leafHash, rootOf } from '@countersign/contracts/transparency/merkle.ts';
import { isSignedBy, verifierKeyOfJwk } from '@countersign/contracts/transparency/note.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { TestTenant } from '../testing/control-plane-under-test.ts';
import { sealTenant } from './sequencer.ts';

let plane: ControlPlaneUnderTest;
beforeAll(async () => { plane = await ControlPlaneUnderTest.start(); });
afterAll(() => plane.stop());

interface EventRow { id: string; seq: string | null; prev_hash: string; hash: string; line: string; body: string }
interface CheckpointRow { seq: string; hash: string; body: string; object_key: string }

const append = (tx: Transaction, { tenantId, workspaceId }: TestTenant, id: string): Promise<string> => appendAudit(tx, {
  at: new Date(), type: 'content.stored', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'system', id: 'test' }, subject: { kind: 'test', id }, data: {},
});
const appendOne = (database: Database, tenant: TestTenant, id: string): Promise<string> => database.forTenant(tenant.tenantId, (tx) => append(tx, tenant, id));
const events = ({ tenantId, workspaceId }: TestTenant): Promise<EventRow[]> => plane.database.control.forTenant(tenantId, (tx) =>
  tx.rows<EventRow>({ name: 'test.chain', text: `SELECT e.id, l.seq, encode(l.prev_hash, 'hex') AS prev_hash, encode(l.hash, 'hex') AS hash, l.line, e.body FROM audit.events e LEFT JOIN audit.links l ON (l.tenant_id, l.event_id) = (e.tenant_id, e.id) WHERE e.tenant_id = $1 AND e.chain = $2 ORDER BY l.seq NULLS LAST` }, [tenantId, chainOf(tenantId, workspaceId)]));
const checkpoints = ({ tenantId, workspaceId }: TestTenant): Promise<CheckpointRow[]> => plane.database.control.forTenant(tenantId, (tx) =>
  tx.rows<CheckpointRow>({ name: 'test.checkpoints', text: 'SELECT seq, hash, body, object_key FROM audit.checkpoints WHERE tenant_id = $1 AND chain = $2 ORDER BY number' }, [tenantId, chainOf(tenantId, workspaceId)]));

/** The chain from its first link to its last, computed anew from what is stored. */
function expectIntact(rows: readonly EventRow[]): void {
  let prev_hash = FIRST_PREV_HASH;
  rows.forEach((row, index) => {
    expect(row.seq).toBe(String(index + 1));
    expect(parseCanonical(row.line)).toEqual({ seq: index + 1, prev_hash, body_sha256: hash('sha256', row.body, 'hex') });
    expect(row.hash).toBe(hash('sha256', row.line, 'hex'));
    prev_hash = row.hash;
  });
}

async function allSealed(tenant: TestTenant, count: number): Promise<EventRow[]> {
  await expect.poll(async () => (await events(tenant)).filter((row) => row.seq !== null).length, { timeout: 20_000, interval: 50 }).toBe(count);
  return events(tenant);
}

test('an event is sealed soon after its commit', async () => {
  const tenant = await plane.otherTenant();
  await appendOne(plane.database.execution, tenant, 'one');
  await expect.poll(async () => (await events(tenant)).some((row) => row.seq === null), { interval: 10 }).toBe(false);
});

test('under concurrent writers of both planes every event is sealed once, in an unbroken chain', async () => {
  const tenant = await plane.otherTenant();
  const [first] = await plane.auditEvents(tenant.tenantId);
  const before = first === undefined ? 0 : (await plane.auditEvents(tenant.tenantId)).length;
  await Promise.all(Array.from({ length: 16 }, async (_, writer) => {
    const database = writer % 2 === 0 ? plane.database.control : plane.database.execution;
    for (let n = 0; n < 30; n += 1) await appendOne(database, tenant, `${writer}.${n}`);
  }));
  const rows = await allSealed(tenant, (await events(tenant)).length);
  expect(rows.length).toBeGreaterThanOrEqual(before + 480);
  expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  expectIntact(rows);
});

test('an event whose transaction commits late is sealed later and never left out', async () => {
  const tenant = await plane.otherTenant();
  const written = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const late = plane.database.execution.forTenant(tenant.tenantId, async (tx) => {
    await append(tx, tenant, 'late');
    written.resolve();
    await release.promise;
  });
  await written.promise;
  await appendOne(plane.database.control, tenant, 'early');
  await expect.poll(async () => (await events(tenant)).filter((row) => row.body.includes('"early"') && row.seq !== null).length, { timeout: 10_000 }).toBe(1);
  release.resolve();
  await late;
  await expect.poll(async () => (await events(tenant)).filter((row) => row.seq === null).length, { timeout: 10_000 }).toBe(0);
  const rows = await events(tenant);
  expectIntact(rows);
  const seqOf = (name: string): number => Number(rows.find((row) => row.body.includes(`"${name}"`))?.seq);
  expect(seqOf('late')).toBeGreaterThan(seqOf('early'));
});

test('two sequencers at once make one chain', async () => {
  const tenant = await plane.otherTenant();
  for (let n = 0; n < 50; n += 1) await appendOne(plane.database.control, tenant, `n${n}`);
  await Promise.all(Array.from({ length: 8 }, () => sealTenant(plane.database.control, tenant.tenantId)));
  expectIntact(await allSealed(tenant, (await events(tenant)).length));
});

test('heads are signed, each checkpoint names the one before, and the note is in the object store', async () => {
  const tenant = await plane.otherTenant();
  const covers = async (): Promise<void> => {
    await expect.poll(async () => {
      const [rows, signed] = [await events(tenant), await checkpoints(tenant)];
      return rows.length > 0 && rows.every((row) => row.seq !== null) && signed.at(-1)?.seq === rows.at(-1)?.seq;
    }, { timeout: 15_000 }).toBe(true);
  };
  await appendOne(plane.database.control, tenant, 'a');
  await covers();
  await appendOne(plane.database.control, tenant, 'b');
  await covers();
  const key = await plane.keys.signingKey(tenant.tenantId, 'checkpoint');
  const verifier = verifierKeyOfJwk(originOf(tenant.tenantId, tenant.workspaceId), { ...key.publicJwk })!;
  const objects = new FolderObjects(plane.config.objectsFolder);
  let previous = FIRST_PREVIOUS;
  const [rows, signed] = [await events(tenant), await checkpoints(tenant)];
  for (const { seq, hash: head, body, object_key } of signed) {
    const { note, checkpoint } = parseCheckpointNote(await objects.get(object_key))!;
    expect(isSignedBy(note, verifier)).toBe(true);
    expect(checkpoint).toMatchObject({ origin: verifier.name, size: Number(seq), head, previous });
    expect(head).toBe(rows[Number(seq) - 1]?.hash);
    expect(Buffer.from(checkpoint.root)).toEqual(Buffer.from(rootOf(grow(EMPTY_FRONTIER, rows.slice(0, Number(seq)).map(({ line }) => leafHash(line))))));
    expect(object_key).toMatch(new RegExp(`^t/${tenant.tenantId}/checkpoints/${tenant.workspaceId}/`));
    previous = hash('sha256', body, 'hex');
  }
  expect(signed.length).toBeGreaterThanOrEqual(2);
});

test('a restart goes on with the chain where it was', async () => {
  const { tenant } = plane;
  await appendOne(plane.database.control, tenant, 'before');
  await plane.restart();
  await appendOne(plane.database.control, tenant, 'after');
  await expect.poll(async () => (await events(tenant)).every((row) => row.seq !== null), { timeout: 10_000 }).toBe(true);
  expectIntact(await events(tenant));
  const page = await plane.api('GET', '/api/v1/audit/events?limit=2');
  const items = page.body['items'] as Array<{ seq: number }>;
  const next = await plane.api('GET', `/api/v1/audit/events?limit=2&cursor=${String(page.body['next_cursor'])}`);
  expect((next.body['items'] as Array<{ seq: number }>)[0]?.seq).toBe((items[1]?.seq ?? 0) - 1);
  expect((await plane.api('GET', '/api/v1/audit/events?cursor=1%20OR%201')).body['code']).toBe('request_invalid');
  expect((await plane.api('GET', '/api/v1/audit/events?type=content.stored')).body['items']).toHaveLength(2);
});
