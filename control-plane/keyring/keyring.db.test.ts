import { createPublicKey, verify } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createKeyFile } from '@countersign/platform/keys/key-file.ts';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import type { OpenKeys } from '@countersign/platform/keys/open-keys.ts';
import { Reseal } from '@countersign/platform/keys/reseal.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { Statement } from '@countersign/platform/postgres/database.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply } from '../testing/control-plane-under-test.ts';
import { rewrapKeys } from './rewrap-loop.ts';
import { shredTenant } from './shredding.ts';
import { SEALED_COLUMNS, SHORT_LIVED } from './sealed-columns.ts';

interface Key { kid: string; purpose: string; algorithm: string; state: string; public_jwk: Record<string, string>; not_before: string; retires_at: string | null; revoked_at: string | null; compromised_since: string | null }

const log = createLogger('control-plane', 'silent');
let plane: ControlPlaneUnderTest;
let keyFile: string;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start();
  keyFile = plane.config.keys.root.kind === 'file' ? plane.config.keys.root.file : '';
});
afterAll(() => plane.stop());

const keysOf = async (purpose: string): Promise<Key[]> => ((await plane.api('GET', '/api/v1/keys')).body['keys'] as Key[]).filter((key) => key.purpose === purpose);
const rotate = (purpose: string, more: object = {}): Promise<ApiReply> => plane.api('POST', '/api/v1/keys/rotations', { json: { purpose, reason: 'Every quarter', ...more } });
const revoke = (kid: string, compromised_since: string): Promise<ApiReply> => plane.api('POST', `/api/v1/keys/${kid}/revoke`, { json: { reason: 'A laptop was stolen', compromised_since } });
const inTenant = <Row extends object>(statement: Statement, ...values: unknown[]): Promise<Row[]> => plane.database.control.forTenant(plane.tenant.tenantId, (tx) => tx.rows<Row>(statement, [plane.tenant.tenantId, ...values]));

describe('keys that sign', () => {
  test('every purpose has one that is published', async () => {
    for (const purpose of ['policy_bundle', 'checkpoint', 'evidence', 'webhook', 'work_order', 'agent_release']) expect((await keysOf(purpose)).map(({ state }) => state)).toEqual(['signing']);
  });

  test('the next one is known before it signs; until then the one before signs, and it verifies for ever', async () => {
    const [before] = await keysOf('evidence');
    const rotated = await rotate('evidence');
    expect([rotated.status, rotated.body['state']]).toEqual([201, 'upcoming']);
    expect(Date.parse(String(rotated.body['not_before'])) - Date.now()).toBeGreaterThan(3_500_000);
    expect((await keysOf('evidence')).map(({ kid, state }) => [kid, state])).toEqual([[rotated.body['kid'], 'upcoming'], [before?.kid, 'signing']]);
    expect((await plane.keys.signingKey(plane.tenant.tenantId, 'evidence')).kid).toBe(before?.kid);
    expect((await rotate('evidence')).body['code']).toBe('key_rotation_under_way');

    const [old] = await keysOf('work_order');
    const at_once = await rotate('work_order', { overlap_s: 0 });
    expect((await keysOf('work_order')).map(({ kid, state, retires_at }) => [kid, state, retires_at])).toEqual([[at_once.body['kid'], 'signing', null], [old?.kid, 'verifying', null]]);
  });

  test('a revoked one signs nothing more, another signs at once, and what it signed is listed with what came after the compromise', async () => {
    const [stolen] = await keysOf('policy_bundle');
    const kid = stolen?.kid ?? '';
    const since = new Date().toISOString();
    await rotateBundleRow(kid);
    expect((await revoke(kid, new Date(Date.now() + 60_000).toISOString())).body['errors']).toEqual([expect.objectContaining({ field: '/compromised_since' })]);
    const revoked = await revoke(kid, since);
    expect([revoked.status, revoked.body['state'], revoked.body['compromised_since']]).toEqual([200, 'revoked', since]);
    const [next] = await keysOf('policy_bundle');
    expect([next?.state, next?.kid === kid]).toEqual(['signing', false]);
    const { tenantId } = plane.tenant;
    expect((await plane.keys.signingKey(tenantId, 'policy_bundle')).kid).toBe(next?.kid);
    // The private half is gone: nobody who holds our database and our root key can sign with it.
    const again = await openKeys(plane.config.keys, { databaseUrl: plane.database.controlUrl });
    await expect(again.keys.signingKey(tenantId, 'policy_bundle', 1)).rejects.toMatchObject({ code: 'key_shredded' });
    await again.close();

    const first = await plane.api('GET', `/api/v1/keys/${kid}/signatures?limit=1`);
    expect(first.body['items']).toEqual([{ kind: 'policy_bundle', id: 'pbd_later', at: expect.any(String) as string, after_compromise: true }]);
    const rest = await plane.api('GET', `/api/v1/keys/${kid}/signatures?cursor=${String(first.body['next_cursor'])}`);
    const items = rest.body['items'] as Array<{ kind: string; after_compromise: boolean }>;
    expect(items.length).toBeGreaterThan(0);
    expect(items.every((item) => item.kind === 'policy_bundle' && !item.after_compromise)).toBe(true);
    expect((await revoke(kid, since)).body['code']).toBe('key_revoked');
    expect((await revoke('no-such-key', since)).body['code']).toBe('not_found');
    expect((await plane.api('GET', '/api/v1/keys/no-such-key/signatures')).body['code']).toBe('not_found');
    expect(await plane.auditTypes(kid)).toContain('key.revoked');
    expect(JSON.stringify(await plane.auditEvents())).not.toContain('laptop');
  });

  test('anybody can take the key set by the name of the tenant, and verify with it', async () => {
    const reply = await plane.api('GET', '/api/v1/key-sets/local', { key: null });
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'public, max-age=300']);
    const keys = reply.body['keys'] as Array<Record<string, string>>;
    expect(keys.map(({ kid }) => kid).toSorted()).toEqual(((await plane.api('GET', '/api/v1/keys')).body['keys'] as Key[]).map(({ kid }) => kid).toSorted());
    const signer = await plane.keys.signingKey(plane.tenant.tenantId, 'checkpoint');
    const { kty, crv, x } = keys.find(({ kid }) => kid === signer.kid)!;
    expect(verify(null, Buffer.from('text'), createPublicKey({ key: { kty, crv, x }, format: 'jwk' }), await signer.sign(Buffer.from('text')))).toBe(true);
    expect(reply.body['vkeys']).toEqual([expect.objectContaining({ origin: `countersign.dev/audit/${plane.tenant.tenantId}/${plane.tenant.workspaceId}`, kid: signer.kid })]);
    expect((await plane.api('GET', '/api/v1/key-sets/nobody', { key: null })).status).toBe(404);
  });

  async function rotateBundleRow(kid: string): Promise<void> {
    await inTenant({ name: 'test.bundle', text: `
      INSERT INTO control.policy_bundles (tenant_id, scope, seq, id, revision, digest, object_key, kid, signed_at, expires_at)
      SELECT tenant_id, 'other', 1, 'pbd_later', revision, digest, object_key, $2, clock_timestamp() + interval '1 second', expires_at FROM control.policy_bundles WHERE tenant_id = $1 LIMIT 1` }, kid);
  }
});

describe('keys that seal', () => {
  test('another one on demand, with who and why in the audit; what the one before sealed is opened', async () => {
    const stored = await plane.api('POST', '/api/v1/credentials', { json: { name: 'c1', kind: 'bearer', value: { token: 'a token' } } });
    expect(stored.status).toBe(201);
    const rotated = await plane.api('POST', '/api/v1/data-keys/rotations', { json: { purpose: 'credential', reason: 'Every year' } });
    expect([rotated.status, rotated.body['generation'], rotated.body['state']]).toEqual([201, 2, 'sealing']);
    const items = (await plane.api('GET', '/api/v1/data-keys')).body['items'] as Array<Record<string, unknown>>;
    expect(items.filter(({ purpose }) => purpose === 'credential').map(({ generation, state }) => [generation, state])).toEqual([[2, 'sealing'], [1, 'opening']]);
    expect(await plane.auditTypes(String(rotated.body['id']))).toEqual(['data_key.rotated']);
    expect(Object.keys(items[0]!)).toEqual(['id', 'purpose', 'generation', 'kek', 'state', 'seals', 'created_at', 'rewrapped_at', 'superseded_at', 'shredded_at']);
  });

  test('what older keys sealed, and the key file itself, is sealed anew, and what cannot be opened stays', async () => {
    const { tenantId } = plane.tenant;
    const file = await FileKeys.open(keyFile, { create: false });
    const [good, altered] = [newId('credential'), newId('credential')];
    const sealed = Buffer.from(await file.seal(tenantId, 'credential', good, Buffer.from('{"token":"of before"}')));
    for (const [id, bytes] of [[good, sealed], [altered, Buffer.from([1, ...sealed.subarray(1).toReversed()])]] as const) {
      await inTenant({ name: 'test.credential', text: `INSERT INTO control.credentials (tenant_id, id, name, kind, sealed) VALUES ($1, $2, $2, 'bearer', $3)` }, id, bytes);
    }
    const ring = await openKeys(plane.config.keys, { databaseUrl: plane.database.controlUrl });
    const reseal = new Reseal({ database: plane.database.control, keys: ring.keys, log, plane: 'control', columns: SEALED_COLUMNS, settle_s: 0 });
    for (let turns = 0; await reseal.turn(tenantId); turns += 1) expect(turns).toBeLessThan(20);
    const rows = await inTenant<{ id: string; sealed: Buffer }>({ name: 'test.sealed', text: 'SELECT id, sealed FROM control.credentials WHERE tenant_id = $1 ORDER BY id' });
    expect(rows.map(({ id, sealed: bytes }) => [id === altered, bytes[0], bytes[0] === 2 ? bytes.readUInt32BE(1) : null])).toEqual(rows.map(({ id }) => (id === altered ? [true, 1, null] : [false, 2, 2])));
    // The file is not needed any more to open it.
    const moved = await openKeys({ ...plane.config.keys }, { databaseUrl: plane.database.controlUrl });
    expect(Buffer.from(await moved.keys.unseal(tenantId, 'credential', good, rows.find(({ id }) => id === good)!.sealed)).toString()).toBe('{"token":"of before"}');
    await Promise.all([ring.close(), moved.close()]);
  });

  test('with another root key they are wrapped anew while both planes go on; afterwards the one before is not needed', async () => {
    const { tenantId } = plane.tenant;
    const next = path.join(path.dirname(keyFile), 'next-key');
    await createKeyFile(next);
    const root = { kind: 'file', file: next } as const;
    const before = await openKeys({ root: plane.config.keys.root, also: [root] }, { databaseUrl: plane.database.executionUrl });
    const after = await openKeys({ root, also: [plane.config.keys.root] }, { databaseUrl: plane.database.controlUrl });
    const sealed = await before.keys.seal(tenantId, 'content', 'cnt_1', Buffer.from('text'));
    const kid = (await before.keys.signingKey(tenantId, 'checkpoint')).kid;
    expect(await rewrapKeys(tenantId, { database: plane.database.control, ring: after, clock: systemClock, log })).toBeGreaterThan(5);
    expect(await rewrapKeys(tenantId, { database: plane.database.control, ring: after, clock: systemClock, log })).toBe(0);
    const alone = await openKeys({ root, also: [] }, { databaseUrl: plane.database.executionUrl });
    for (const { keys } of [before, after, alone] satisfies OpenKeys[]) {
      keys.forget(tenantId);
      expect(Buffer.from(await keys.unseal(tenantId, 'content', 'cnt_1', sealed)).toString()).toBe('text');
      expect((await keys.signingKey(tenantId, 'checkpoint')).kid).toBe(kid);
    }
    const old = await openKeys(plane.config.keys, { databaseUrl: plane.database.controlUrl });
    await expect(old.keys.seal(tenantId, 'content', 'cnt_2', Buffer.from('text'))).rejects.toMatchObject({ code: 'kek_unknown' });
    // Back again, for what comes.
    expect(await rewrapKeys(tenantId, { database: plane.database.control, ring: before, clock: systemClock, log })).toBeGreaterThan(5);
    await Promise.all([before, after, alone, old].map((ring) => ring.close()));
    expect((await plane.auditEvents()).filter(({ type }) => type === 'kek.rewrapped').map(({ data }) => data)).toEqual([{ kek_from: before.kek.id, kek_to: after.kek.id, count: expect.any(Number) as number }, { kek_from: after.kek.id, kek_to: before.kek.id, count: expect.any(Number) as number }]);
  });

  test('no column of sealed bytes is forgotten, and every one that is named is there and may be written', async () => {
    const { rows } = await plane.database.control.pool.query<{ place: string; may: boolean }>(`
      SELECT n.nspname || '.' || c.relname || '.' || a.attname AS place, has_column_privilege(c.oid, a.attnum, 'UPDATE') AS may
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname IN ('control', 'audit') AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'bytea'::regtype AND a.attname LIKE '%sealed'`);
    const named = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`);
    expect(rows.map(({ place }) => place).toSorted()).toEqual([...named, ...SHORT_LIVED].toSorted());
    expect(rows.filter(({ may, place }) => !may && !SHORT_LIVED.includes(place))).toEqual([]);
  });

  test('are destroyed with their tenant, once nothing is left that the key file itself could open; the audit says which', async () => {
    const { tenantId } = plane.tenant;
    const ring = await openKeys(plane.config.keys, { databaseUrl: plane.database.controlUrl });
    const parts = { database: plane.database.control, keys: ring.keys, clock: systemClock };
    const actor = { kind: 'system', id: 'test' } as const;
    // The altered row of above.
    await expect(shredTenant(tenantId, actor, parts)).rejects.toMatchObject({ code: 'sealed_under_the_key_file', message: expect.stringContaining('control.credentials.sealed') as string });
    await inTenant({ name: 'test.drop', text: `UPDATE control.credentials SET sealed = NULL, removed_at = clock_timestamp() WHERE tenant_id = $1 AND get_byte(sealed, 0) = 1` });
    const [row] = await inTenant<{ id: string; sealed: Buffer }>({ name: 'test.row', text: 'SELECT id, sealed FROM control.credentials WHERE tenant_id = $1 AND sealed IS NOT NULL LIMIT 1' });
    expect(Buffer.from(await ring.keys.unseal(tenantId, 'credential', row!.id, row!.sealed)).length).toBeGreaterThan(5);
    expect(await shredTenant(tenantId, actor, parts)).toBeGreaterThan(3);
    await expect(ring.keys.unseal(tenantId, 'credential', row!.id, row!.sealed)).rejects.toMatchObject({ code: 'key_shredded' });
    const items = (await plane.api('GET', '/api/v1/data-keys')).body['items'] as Array<{ state: string }>;
    expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['shredded']));
    expect((await plane.auditEvents()).map(({ type }) => type)).toEqual(expect.arrayContaining(['data_key.shredded', 'tenant.shredded']));
    await ring.close();
  });
});
